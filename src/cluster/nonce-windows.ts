/** How far requests may overtake each other. */
const WINDOW = 4_096;

interface Window {
  highest: number;
  readonly seen: Set<number>;
}

/** Remembers which numbers of each sender were used. A sender counts up; what is far behind is taken for used. */
export class NonceWindows {
  /** By the sender's start. */
  readonly #windows = new Map<string, Window>();

  /** False if the number was used before. */
  accept(sender: string, count: number): boolean {
    if (!Number.isSafeInteger(count) || count < 1) return false;
    const window = this.#windows.get(sender) ?? { highest: 0, seen: new Set() };
    this.#windows.set(sender, window);
    if (count <= window.highest - WINDOW || window.seen.has(count)) return false;
    window.seen.add(count);
    window.highest = Math.max(window.highest, count);
    if (window.seen.size > 2 * WINDOW) {
      for (const old of window.seen) if (old <= window.highest - WINDOW) window.seen.delete(old);
    }
    return true;
  }
}
