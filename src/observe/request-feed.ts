import type { RequestRecord, RequestSink } from "./request-record.ts";

/** Hands each record to those who listen at the moment. */
export class RequestFeed implements RequestSink {
  readonly #listeners = new Set<(record: RequestRecord) => void>();

  /** Disposing the result ends the subscription. */
  subscribe(listener: (record: RequestRecord) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  add(record: RequestRecord): void {
    for (const listener of this.#listeners) listener(record);
  }
}
