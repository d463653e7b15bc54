/** Pairs the calls of a history with their results. Some servers give calls no ids, and clients send them back that way. */
export class CallPairs {
  /** In the order of the calls. */
  readonly #ids: string[] = [];
  readonly #known = new Set<string>();
  readonly #answered = new Set<string>();
  #firstOpen = 0;
  #made = 0;

  /** The call's id. A call without one gets an id that is the same each time for the same history. */
  call(given: string | null | undefined): string {
    const id = given || this.#newId();
    this.#ids.push(id);
    this.#known.add(id);
    return id;
  }

  /** The id of the call that a result answers. If the result names none, it is the oldest call without a result. */
  result(given: string | null | undefined): string | undefined {
    const id = given || this.#oldestOpen();
    if (id !== undefined) this.#answered.add(id);
    return id;
  }

  isKnown(id: string | undefined): boolean {
    return id !== undefined && this.#known.has(id);
  }

  #oldestOpen(): string | undefined {
    while (this.#answered.has(this.#ids[this.#firstOpen] ?? "")) this.#firstOpen += 1;
    return this.#ids[this.#firstOpen];
  }

  #newId(): string {
    do this.#made += 1;
    while (this.#known.has(`call_${this.#made}`));
    return `call_${this.#made}`;
  }
}
