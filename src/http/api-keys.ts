import { createHash, timingSafeEqual } from "node:crypto";

/** A key, known by what may be shown of it. */
export interface KeyIdentity {
  /** Made from the secret: a new key with an old name owns nothing of what the old key stored. */
  readonly keyId: string;
  /** As logs and metrics show the key. */
  readonly name: string;
}

/** The keys that open a route. */
export interface ApiKeys {
  /** How many there are: they share the memory for request bodies. */
  readonly size: number;
  /** Undefined for a secret that is no key. */
  find(secret: string): Promise<KeyIdentity | undefined>;
}

export interface NamedKey {
  readonly name: string;
  readonly value: string;
}

const KEY_ID_BYTES = 12;

/** The keys from the settings, which stay the same until the gateway restarts. Compares digests in constant time. */
export class ConfiguredKeys implements ApiKeys {
  readonly #known: readonly { readonly digest: Buffer; readonly key: KeyIdentity }[];

  constructor(keys: readonly NamedKey[]) {
    this.#known = keys.map(({ name, value }) => {
      const digest = digestOf(value);
      return { digest, key: { keyId: keyIdOf(digest), name } };
    });
  }

  get size(): number {
    return this.#known.length;
  }

  async find(secret: string): Promise<KeyIdentity | undefined> {
    const digest = digestOf(secret);
    return this.#known.find((known) => timingSafeEqual(known.digest, digest))?.key;
  }
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** A digest of the digest, so that an id tells nothing that the comparison relies on. */
function keyIdOf(digest: Buffer): string {
  return createHash("sha256").update(digest).digest().subarray(0, KEY_ID_BYTES).toString("base64url");
}
