/** Hands each value to everybody who listens at the moment, in the order in which they came, before `emit` returns. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Disposing the result ends the subscription. */
  subscribe(listener: (value: T) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  emit(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}
