import type { Item } from "./item.ts";
import type { ResponseObject } from "./response-object.ts";

/** A response, and the conversation that led to it. */
export interface StoredResponse {
  readonly response: ResponseObject;
  /** What its own request brought. */
  readonly input: readonly Item[];
  /** All items up to its output: what a next turn continues. */
  readonly conversation: readonly Item[];
}

export interface ResponseStoreLimits {
  readonly maxResponses: number;
  readonly maxBytes: number;
  /** Since it was last used. */
  readonly lifetimeMs: number;
}

const LIMITS: ResponseStoreLimits = {
  maxResponses: 10_000,
  maxBytes: 64 * 1024 * 1024,
  lifetimeMs: 24 * 60 * 60 * 1000,
};

/** A string takes up to two bytes a character. */
const BYTES_PER_CHARACTER = 2;
/** What a reference to an item takes. */
const BYTES_PER_PLACE = 16;

interface Entry {
  readonly owner: string;
  readonly stored: StoredResponse;
  /** Of the response itself. Its items are counted apart, because conversations share them. */
  readonly bytes: number;
  expiresAtMs: number;
}

interface ItemUse {
  readonly bytes: number;
  users: number;
}

/** How much one owner stores. */
interface Share {
  bytes: number;
  responses: number;
}

/**
 * Recent responses and their items, each visible to its owner only. When there are too many, the owner with the most
 * loses the least recently used one, so an owner who stores much pushes out nobody else's responses.
 */
export class ResponseStore {
  readonly #limits: ResponseStoreLimits;
  readonly #now: () => number;
  /** The least recently used one comes first. */
  readonly #responses = new Map<string, Entry>();
  readonly #itemUses = new Map<Item, ItemUse>();
  readonly #itemsById = new Map<string, Item>();
  readonly #shares = new Map<string, Share>();
  #bytes = 0;

  constructor(limits: Partial<ResponseStoreLimits> = {}, now: () => number = () => performance.now()) {
    this.#limits = { ...LIMITS, ...limits };
    this.#now = now;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(owner: string, stored: StoredResponse): void {
    this.#deleteExpired();
    const { response, conversation } = stored;
    const items = new Set(conversation);
    const bytes = sizeOf(response) + items.size * BYTES_PER_PLACE;
    this.#responses.set(keyOf(owner, response.id), {
      owner,
      stored,
      bytes,
      expiresAtMs: this.#now() + this.#limits.lifetimeMs,
    });
    this.#count(owner, { bytes, responses: 1 });
    for (const item of items) this.#use(owner, item);
    while (this.#responses.size > this.#limits.maxResponses) this.#deleteOldestOf(this.#largestBy("responses"));
    while (this.#bytes > this.#limits.maxBytes && this.#responses.size > 0)
      this.#deleteOldestOf(this.#largestBy("bytes"));
  }

  find(owner: string, id: string): StoredResponse | undefined {
    this.#deleteExpired();
    const key = keyOf(owner, id);
    const entry = this.#responses.get(key);
    if (!entry) return undefined;
    entry.expiresAtMs = this.#now() + this.#limits.lifetimeMs;
    this.#responses.delete(key);
    this.#responses.set(key, entry);
    return entry.stored;
  }

  /** Finds an item of any stored response. */
  findItem(owner: string, id: string): Item | undefined {
    this.#deleteExpired();
    return this.#itemsById.get(keyOf(owner, id));
  }

  /** Whether there was such a response. */
  delete(owner: string, id: string): boolean {
    this.#deleteExpired();
    return this.#delete(keyOf(owner, id));
  }

  #deleteExpired(): void {
    const nowMs = this.#now();
    for (const [key, { expiresAtMs }] of this.#responses) {
      if (expiresAtMs > nowMs) return;
      this.#delete(key);
    }
  }

  #delete(key: string): boolean {
    const entry = this.#responses.get(key);
    if (!entry) return false;
    this.#responses.delete(key);
    this.#count(entry.owner, { bytes: -entry.bytes, responses: -1 });
    for (const item of new Set(entry.stored.conversation)) this.#release(entry.owner, item);
    return true;
  }

  #count(owner: string, change: Readonly<Share>): void {
    const share = this.#shares.get(owner) ?? { bytes: 0, responses: 0 };
    share.bytes += change.bytes;
    share.responses += change.responses;
    this.#bytes += change.bytes;
    if (share.responses > 0 || share.bytes > 0) this.#shares.set(owner, share);
    else this.#shares.delete(owner);
  }

  #largestBy(measure: keyof Share): string {
    const [owner] = [...this.#shares].reduce((one, other) => (other[1][measure] > one[1][measure] ? other : one));
    return owner;
  }

  #deleteOldestOf(owner: string): void {
    for (const [key, entry] of this.#responses) {
      if (entry.owner !== owner) continue;
      this.#delete(key);
      return;
    }
  }

  #use(owner: string, item: Item): void {
    const use = this.#itemUses.get(item) ?? { bytes: sizeOf(item), users: 0 };
    if (use.users === 0) this.#count(owner, { bytes: use.bytes, responses: 0 });
    use.users += 1;
    this.#itemUses.set(item, use);
    this.#itemsById.set(keyOf(owner, item.id), item);
  }

  #release(owner: string, item: Item): void {
    const use = this.#itemUses.get(item);
    if (!use) return;
    use.users -= 1;
    if (use.users > 0) return;
    this.#itemUses.delete(item);
    this.#count(owner, { bytes: -use.bytes, responses: 0 });
    const key = keyOf(owner, item.id);
    // A caller may have given another item the same id.
    if (this.#itemsById.get(key) === item) this.#itemsById.delete(key);
  }
}

function keyOf(owner: string, id: string): string {
  return JSON.stringify([owner, id]);
}

function sizeOf(value: object): number {
  return JSON.stringify(value).length * BYTES_PER_CHARACTER;
}
