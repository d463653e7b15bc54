/** How many requests of each key run here. */
export class RunningRequests {
  readonly #running = new Map<string, number>();

  of(keyId: string): number {
    return this.#running.get(keyId) ?? 0;
  }

  get keyIds(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** The result ends it, once. */
  start(keyId: string, onEnd?: () => void): () => void {
    this.#running.set(keyId, this.of(keyId) + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const others = this.of(keyId) - 1;
      if (others > 0) this.#running.set(keyId, others);
      else this.#running.delete(keyId);
      onEnd?.();
    };
  }
}
