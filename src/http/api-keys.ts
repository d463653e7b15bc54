import { createHash, timingSafeEqual } from "node:crypto";

/** How much a key may use; a kind that is absent has no limit. */
export interface KeyLimits {
  readonly requestsPerMinute?: number;
  readonly requestsPerDay?: number;
  /** Of prompts and answers together. */
  readonly tokensPerMinute?: number;
  readonly tokensPerDay?: number;
  /** Requests at the same time. */
  readonly parallel?: number;
}

/** A key, known by what may be shown of it. */
export interface KeyIdentity {
  /** Of one key for ever: a new key with an old name owns nothing of what the old key stored. */
  readonly keyId: string;
  /** As logs and metrics show the key. */
  readonly name: string;
  readonly limits: KeyLimits;
  /** The models that it may ask for; undefined if all. */
  readonly models: readonly string[] | undefined;
}

/** The keys that open a route. */
export interface ApiKeys {
  /** How many there are now: they share the memory for request bodies. */
  readonly size: number;
  /** Undefined for a secret that is no key. @throws GatewayError for a key that is no longer valid. */
  find(secret: string): Promise<KeyIdentity | undefined>;
}

export interface NamedKey {
  readonly name: string;
  readonly value: string;
}

const KEY_ID_BYTES = 12;

interface ConfiguredKey {
  readonly digest: Buffer;
  readonly key: KeyIdentity;
}

/** The keys from the settings, which stay the same until the gateway restarts. Compares digests in constant time. */
export class ConfiguredKeys implements ApiKeys {
  readonly #known: readonly ConfiguredKey[];
  /** In Unix time, milliseconds, by id. */
  readonly #usedAt = new Map<string, number>();

  /** `limits` hold for each of them. */
  constructor(keys: readonly NamedKey[], limits: KeyLimits = {}) {
    this.#known = keys.map(({ name, value }) => {
      const digest = digestOf(value);
      // A digest of the digest, so that an id tells nothing that the comparison relies on.
      const keyId = createHash("sha256").update(digest).digest().subarray(0, KEY_ID_BYTES).toString("base64url");
      return { digest, key: { keyId, name, limits, models: undefined } };
    });
  }

  get size(): number {
    return this.#known.length;
  }

  get all(): readonly KeyIdentity[] {
    return this.#known.map(({ key }) => key);
  }

  /** When the key was used last since the start, in Unix time, milliseconds. */
  usedAt(keyId: string): number | undefined {
    return this.#usedAt.get(keyId);
  }

  async find(secret: string): Promise<KeyIdentity | undefined> {
    const digest = digestOf(secret);
    const key = this.#known.find((known) => timingSafeEqual(known.digest, digest))?.key;
    if (key) this.#usedAt.set(key.keyId, Date.now());
    return key;
  }
}

/** The keys of several sources, asked in their order. */
export class CombinedKeys implements ApiKeys {
  readonly #sources: readonly ApiKeys[];

  constructor(sources: readonly ApiKeys[]) {
    this.#sources = sources;
  }

  get size(): number {
    return this.#sources.reduce((sum, { size }) => sum + size, 0);
  }

  async find(secret: string): Promise<KeyIdentity | undefined> {
    for (const source of this.#sources) {
      const key = await source.find(secret);
      if (key) return key;
    }
    return undefined;
  }
}

/** SHA-256. Enough for secrets that nobody can guess. */
export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
