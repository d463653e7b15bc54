import { timingSafeEqual } from "node:crypto";
import type { StoredApiKey } from "../store/api-key-store.ts";

/** Eight hexadecimal digits of 64 say hardly anything of a hash, and find it at once. */
const HASH_START = 8;

/** The stored keys, found by id and by what they hash to. */
export class KeyIndex {
  #keys: Map<string, StoredApiKey>;
  #byHashStart: Map<string, StoredApiKey[]> = new Map();
  #usable: readonly StoredApiKey[] = [];

  constructor(keys: readonly StoredApiKey[]) {
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#index();
  }

  /** Those that are not revoked. */
  get usable(): readonly StoredApiKey[] {
    return this.#usable;
  }

  get(id: string): StoredApiKey | undefined {
    return this.#keys.get(id);
  }

  /** In constant time for those that begin alike. */
  withHash(digest: Buffer): StoredApiKey | undefined {
    const alike = this.#byHashStart.get(digest.toString("hex").slice(0, HASH_START)) ?? [];
    return alike.find(({ hash }) => timingSafeEqual(Buffer.from(hash, "hex"), digest));
  }

  put(...keys: readonly StoredApiKey[]): void {
    for (const key of keys) this.#keys.set(key.id, key);
    this.#index();
  }

  #index(): void {
    this.#usable = [...this.#keys.values()].filter(({ revokedAt }) => revokedAt === undefined);
    this.#byHashStart = Map.groupBy(this.#keys.values(), ({ hash }) => hash.slice(0, HASH_START));
  }
}
