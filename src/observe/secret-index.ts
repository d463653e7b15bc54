/** A shorter value could be a part of ordinary words. */
export const MIN_SECRET_CHARACTERS = 8;

/**
 * Finds secrets in a text. It looks them up by their first characters, so the time depends on the length of the text and
 * hardly on the number of secrets.
 */
export class SecretIndex {
  /** How often each value was added, by its first characters. */
  readonly #values = new Map<string, Map<string, number>>();

  /** Ignores values that are too short. */
  add(value: string): void {
    if (value.length < MIN_SECRET_CHARACTERS) return;
    const start = value.slice(0, MIN_SECRET_CHARACTERS);
    const bucket = this.#values.get(start) ?? new Map<string, number>();
    bucket.set(value, (bucket.get(value) ?? 0) + 1);
    this.#values.set(start, bucket);
  }

  /** Undoes one `add`. */
  remove(value: string): void {
    const start = value.slice(0, MIN_SECRET_CHARACTERS);
    const bucket = this.#values.get(start);
    const count = (bucket?.get(value) ?? 0) - 1;
    if (count > 0) bucket?.set(value, count);
    else bucket?.delete(value);
    if (bucket?.size === 0) this.#values.delete(start);
  }

  /** The text with every secret replaced. If several begin at the same place, the longest is replaced. */
  replaceIn(text: string, replacement: string): string {
    let replaced = "";
    let doneTo = 0;
    for (let at = 0; at + MIN_SECRET_CHARACTERS <= text.length; at += 1) {
      const length = this.#longestAt(text, at);
      if (length === 0) continue;
      replaced += text.slice(doneTo, at) + replacement;
      doneTo = at + length;
      at = doneTo - 1;
    }
    return replaced + text.slice(doneTo);
  }

  #longestAt(text: string, at: number): number {
    let longest = 0;
    for (const value of this.#values.get(text.slice(at, at + MIN_SECRET_CHARACTERS))?.keys() ?? []) {
      if (value.length > longest && text.startsWith(value, at)) longest = value.length;
    }
    return longest;
  }
}
