interface Waiting<T> {
  readonly item: T;
  readonly characters: number;
}

/** What waits to be written, bounded in number and size. The oldest items are dropped for newer ones, and counted. */
export class WaitingRecords<T> {
  readonly #maxCount: number;
  readonly #maxCharacters: number;
  #waiting: Waiting<T>[] = [];
  #characters = 0;
  #dropped = 0;

  constructor({ maxCount, maxCharacters }: { readonly maxCount: number; readonly maxCharacters: number }) {
    this.#maxCount = maxCount;
    this.#maxCharacters = maxCharacters;
  }

  get count(): number {
    return this.#waiting.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(item: T, characters: number): void {
    this.#waiting.push({ item, characters });
    this.#characters += characters;
    while (this.#waiting.length > this.#maxCount || this.#characters > this.#maxCharacters) {
      this.#characters -= this.#waiting.shift()?.characters ?? 0;
      this.#dropped += 1;
    }
  }

  /** The oldest items, at most `count` and about `maxCharacters`, but at least one if there is one. They still wait. */
  first(count: number, maxCharacters: number): readonly T[] {
    let characters = 0;
    const isWithin = (one: Waiting<T>): boolean => (characters += one.characters) <= maxCharacters;
    const end = this.#waiting.slice(0, count).findIndex((one, index) => index > 0 && !isWithin(one));
    return this.#waiting.slice(0, end === -1 ? count : end).map(({ item }) => item);
  }

  /** These were written. Some of them may have been dropped meanwhile. */
  remove(items: readonly T[]): void {
    const written = new Set(items);
    this.#waiting = this.#waiting.filter(({ item }) => !written.has(item));
    this.#characters = this.#waiting.reduce((sum, { characters }) => sum + characters, 0);
  }
}
