/** What gateways that share a database tell each other of. */
export type Topic = "api_keys" | "accounts" | "console_sessions";

/** Changes of what is stored, by this gateway or another one. */
export interface StoreChanges {
  /**
   * Calls back after a change since the store was opened, once for several of them. If the listener rejects, it is called again
   * a little later.
   */
  subscribe(topic: Topic, listener: () => Promise<void>): Disposable;
}

/** Of a database that nobody else changes. */
export const NO_CHANGES: StoreChanges = { subscribe: () => ({ [Symbol.dispose]: () => {} }) };
