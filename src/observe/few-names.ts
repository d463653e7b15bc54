/** Keeps the number of a metric's series small: names beyond the first ones are told together. */
export class FewNames {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The name itself if it is among the first that were asked for, else `other`. */
  of(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#most) return "other";
    this.#known.add(name);
    return name;
  }
}
