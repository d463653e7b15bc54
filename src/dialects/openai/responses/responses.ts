import type { Item } from "./item.ts";
import type { ResponseStore, StoredResponse } from "./response-store.ts";

/** Where gateways share responses. Its values are JSON. */
export interface SharedResponseRows {
  add(
    owner: string,
    row: { readonly id: string; readonly itemIds: readonly string[]; readonly value: object },
  ): Promise<void>;
  find(owner: string, id: string): Promise<object | undefined>;
  touch(owner: string, id: string): Promise<boolean>;
  findByItem(owner: string, itemId: string): Promise<object | undefined>;
  delete(owner: string, id: string): Promise<boolean>;
}

/** A request waits no longer than this for the place where responses are shared. */
const ANSWER_LIMIT_MS = 2_000;
/** After a failure it is left alone for so long. */
const AWAY_MS = 5_000;
const MAX_FETCHED_ITEMS = 64;
/** So many are remembered that could not be shared. */
const MAX_UNSHARED = 10_000;

/**
 * The responses that later requests continue. They are in memory; where gateways share them, a response is fetched before it is
 * read, since another gateway may have made it or deleted it. While that place does not answer, there are those of this gateway.
 */
export class Responses {
  readonly memory: ResponseStore;
  readonly #rows: SharedResponseRows | undefined;
  /** Responses that are in memory only. */
  readonly #unshared = new Set<string>();
  /** Monotonic. */
  #awayUntilMs = 0;

  constructor(memory: ResponseStore, rows?: SharedResponseRows) {
    this.memory = memory;
    this.#rows = rows;
  }

  /** So that memory has what there is. Never rejects. */
  async fetch(owner: string, id: string): Promise<void> {
    const rows = this.#rows;
    if (!rows || this.#unshared.has(keyOf(owner, id))) return;
    const isHere = this.memory.find(owner, id) !== undefined;
    if (isHere) {
      if ((await this.#ask(() => rows.touch(owner, id))) === false) this.memory.delete(owner, id);
      return;
    }
    const found = await this.#ask(() => rows.find(owner, id));
    if (found) this.#remember(owner, found);
  }

  /** So that memory has what there is of these items. Never rejects. */
  async fetchItems(owner: string, ids: readonly string[]): Promise<void> {
    const rows = this.#rows;
    if (!rows) return;
    for (const id of ids.slice(0, MAX_FETCHED_ITEMS)) {
      if (this.memory.findItem(owner, id)) continue;
      const found = await this.#ask(() => rows.findByItem(owner, id));
      if (found) this.#remember(owner, found);
    }
  }

  /** Never rejects. */
  async add(owner: string, stored: StoredResponse): Promise<void> {
    this.memory.add(owner, stored);
    const rows = this.#rows;
    if (!rows) return;
    const { id } = stored.response;
    const itemIds = [...new Set(stored.conversation.map((item: Item) => item.id))];
    const isShared = await this.#ask(async () => {
      await rows.add(owner, { id, itemIds, value: stored });
      return true;
    });
    if (isShared) return;
    this.#unshared.add(keyOf(owner, id));
    const [oldest = ""] = this.#unshared;
    if (this.#unshared.size > MAX_UNSHARED) this.#unshared.delete(oldest);
  }

  /** Whether there was such a response. */
  async delete(owner: string, id: string): Promise<boolean> {
    const rows = this.#rows;
    this.#unshared.delete(keyOf(owner, id));
    const isHere = this.memory.delete(owner, id);
    const isThere = rows ? await this.#ask(() => rows.delete(owner, id)) : false;
    return isHere || isThere === true;
  }

  #remember(owner: string, found: object): void {
    const stored = found as StoredResponse;
    this.memory.delete(owner, stored.response.id);
    this.memory.add(owner, stored);
  }

  /** Undefined while it does not answer. Never rejects. */
  async #ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.#awayUntilMs) return undefined;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("It did not answer in time.")), ANSWER_LIMIT_MS);
    try {
      return await Promise.race([work(), late.promise]);
    } catch {
      // That the database fails is told elsewhere.
      this.#awayUntilMs = performance.now() + AWAY_MS;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

function keyOf(owner: string, id: string): string {
  return JSON.stringify([owner, id]);
}
