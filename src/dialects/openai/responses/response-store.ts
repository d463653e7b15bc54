import type { Item } from "./item.ts";
import type { ResponseObject } from "./response-object.ts";

/** A response with what led to it. */
export interface StoredResponse {
  readonly response: ResponseObject;
  /** What its own request brought. */
  readonly input: readonly Item[];
  /** Everything before, its input and its output: what a next turn continues. */
  readonly conversation: readonly Item[];
}

export interface ResponseStoreLimits {
  readonly maxResponses: number;
  readonly maxBytes: number;
  /** Since it was last of use. */
  readonly lifetimeMs: number;
}

const LIMITS: ResponseStoreLimits = {
  maxResponses: 10_000,
  maxBytes: 64 * 1024 * 1024,
  lifetimeMs: 24 * 60 * 60 * 1000,
};

/** A string takes up to two bytes a character. */
const BYTES_PER_CHARACTER = 2;
/** What an item's place in a conversation takes. */
const BYTES_PER_PLACE = 16;

interface Kept {
  readonly owner: string;
  readonly remembered: StoredResponse;
  /** Its own, without its items: conversations share those. */
  readonly bytes: number;
  expiresAtMs: number;
}

interface Held {
  readonly bytes: number;
  holders: number;
}

/** What one owner's responses take. */
interface Share {
  bytes: number;
  responses: number;
}

/**
 * Responses of late, and their items, each for its owner only. When there are too many, the owner who has most loses the
 * one that was not of use for longest: nobody's are pushed out by another who stores more.
 */
export class ResponseStore {
  readonly #limits: ResponseStoreLimits;
  readonly #now: () => number;
  /** The one that was not of use for longest comes first. */
  readonly #responses = new Map<string, Kept>();
  readonly #held = new Map<Item, Held>();
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

  remember(owner: string, remembered: StoredResponse): void {
    this.#forgetOld();
    const { response, conversation } = remembered;
    const items = new Set(conversation);
    const bytes = sizeOf(response) + items.size * BYTES_PER_PLACE;
    this.#responses.set(keyOf(owner, response.id), {
      owner,
      remembered,
      bytes,
      expiresAtMs: this.#now() + this.#limits.lifetimeMs,
    });
    this.#count(owner, { bytes, responses: 1 });
    for (const item of items) this.#hold(owner, item);
    while (this.#responses.size > this.#limits.maxResponses) this.#dropOldestOf(this.#largestBy("responses"));
    while (this.#bytes > this.#limits.maxBytes && this.#responses.size > 0)
      this.#dropOldestOf(this.#largestBy("bytes"));
  }

  find(owner: string, id: string): StoredResponse | undefined {
    this.#forgetOld();
    const key = keyOf(owner, id);
    const kept = this.#responses.get(key);
    if (!kept) return undefined;
    kept.expiresAtMs = this.#now() + this.#limits.lifetimeMs;
    this.#responses.delete(key);
    this.#responses.set(key, kept);
    return kept.remembered;
  }

  /** Found as long as a response that holds it. */
  findItem(owner: string, id: string): Item | undefined {
    this.#forgetOld();
    return this.#itemsById.get(keyOf(owner, id));
  }

  /** Whether there was such a response. */
  forget(owner: string, id: string): boolean {
    this.#forgetOld();
    return this.#drop(keyOf(owner, id));
  }

  #forgetOld(): void {
    const nowMs = this.#now();
    for (const [key, { expiresAtMs }] of this.#responses) {
      if (expiresAtMs > nowMs) return;
      this.#drop(key);
    }
  }

  #drop(key: string): boolean {
    const kept = this.#responses.get(key);
    if (!kept) return false;
    this.#responses.delete(key);
    this.#count(kept.owner, { bytes: -kept.bytes, responses: -1 });
    for (const item of new Set(kept.remembered.conversation)) this.#release(kept.owner, item);
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

  #dropOldestOf(owner: string): void {
    for (const [key, kept] of this.#responses) {
      if (kept.owner !== owner) continue;
      this.#drop(key);
      return;
    }
  }

  #hold(owner: string, item: Item): void {
    const held = this.#held.get(item) ?? { bytes: sizeOf(item), holders: 0 };
    if (held.holders === 0) this.#count(owner, { bytes: held.bytes, responses: 0 });
    held.holders += 1;
    this.#held.set(item, held);
    this.#itemsById.set(keyOf(owner, item.id), item);
  }

  #release(owner: string, item: Item): void {
    const held = this.#held.get(item);
    if (!held) return;
    held.holders -= 1;
    if (held.holders > 0) return;
    this.#held.delete(item);
    this.#count(owner, { bytes: -held.bytes, responses: 0 });
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
