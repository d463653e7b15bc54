import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import { digestOf, type ApiKeys, type KeyIdentity, type KeyLimits } from "../http/api-keys.ts";
import type { Log } from "../observe/log.ts";
import type { ApiKeyStore, StoredApiKey } from "../store/api-key-store.ts";
import { StoreError } from "../store/store-error.ts";
import { KeyIndex } from "./key-index.ts";
import { newSecret } from "./key-secret.ts";

/** What an operator decides about a key. */
export interface KeyWishes {
  readonly name: string;
  /** None of its own: those for every key hold. */
  readonly limits: KeyLimits;
  readonly models: readonly string[] | undefined;
  /** In Unix time, milliseconds. */
  readonly expiresAt: number | undefined;
}

/** A key, and its secret, which is never shown again. */
export interface NewKey {
  readonly key: StoredApiKey;
  readonly secret: string;
}

/** Where the keys are stored. */
export type KeyStore = Pick<ApiKeyStore, keyof ApiKeyStore>;

export interface StoredKeysOptions {
  /** Of a key that has no limits of its own. */
  readonly defaultLimits: KeyLimits;
  /** Hears each secret, to keep it out of the log. */
  readonly onSecret: (secret: string) => void;
  readonly log: Pick<Log, "warn">;
  /** How often it is written when keys were used. */
  readonly writeEveryMs?: number;
}

const ID_BYTES = 9;
const WRITE_EVERY_MS = 30_000;
/** A caller that still uses a revoked key is told so for this long. */
const KEEP_REVOKED_MS = 90 * 86_400_000;

/**
 * The keys that the operator makes while the gateway runs. They are kept in memory: no request waits for the disk. A change
 * holds once it is stored.
 */
export class StoredKeys implements ApiKeys, AsyncDisposable {
  readonly #store: KeyStore;
  readonly #options: StoredKeysOptions;
  #keys: KeyIndex;
  /** When keys were used that is not written yet, by id. */
  #usedAt = new Map<string, number>();
  /** The keys whose secrets were heard of since the start. */
  readonly #heard = new Set<string>();
  readonly #writing: NodeJS.Timeout;
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(store: KeyStore, keys: readonly StoredApiKey[], options: StoredKeysOptions) {
    this.#store = store;
    this.#options = options;
    this.#keys = new KeyIndex(keys);
    this.#writing = setInterval(() => void this.#writeUse(), options.writeEveryMs ?? WRITE_EVERY_MS).unref();
  }

  /** @throws StoreError when the keys cannot be read. */
  static async open(store: KeyStore, options: StoredKeysOptions): Promise<StoredKeys> {
    const keys = await store.all();
    await store.deleteRevokedBefore(Date.now() - KEEP_REVOKED_MS).catch(() => undefined);
    return new StoredKeys(store, keys, options);
  }

  get size(): number {
    return this.all.length;
  }

  /** Those that are not revoked. */
  get all(): readonly StoredApiKey[] {
    return this.#keys.usable;
  }

  /** @throws GatewayError `key_expired`, or `invalid_api_key` for a revoked key. */
  async find(secret: string): Promise<KeyIdentity | undefined> {
    const digest = digestOf(secret);
    const key = this.#keys.withHash(digest);
    if (!key) return undefined;
    if (!this.#heard.has(key.hash)) this.#options.onSecret(secret);
    this.#heard.add(key.hash);
    const now = Date.now();
    if (key.revokedAt !== undefined) throw new GatewayError("invalid_api_key", "This API key was revoked.");
    if (key.expiresAt !== undefined && key.expiresAt <= now) {
      throw new GatewayError("key_expired", `This API key expired at ${new Date(key.expiresAt).toISOString()}.`);
    }
    this.#usedAt.set(key.id, now);
    return this.identityOf(key);
  }

  identityOf({ id: keyId, name, limits, models }: StoredApiKey): KeyIdentity {
    return { keyId, name, models, limits: Object.keys(limits).length > 0 ? limits : this.#options.defaultLimits };
  }

  /** In Unix time, milliseconds. */
  usedAt({ id, lastUsedAt }: StoredApiKey): number | undefined {
    return this.#usedAt.get(id) ?? lastUsedAt;
  }

  /** @throws GatewayError `key_name_taken`, `state_not_stored`. */
  create(wishes: KeyWishes): Promise<NewKey> {
    return this.#change(async () => {
      this.#refuseTakenName(wishes.name);
      const id = `key_${randomBytes(ID_BYTES).toString("base64url")}`;
      const made = newSecret(this.#options.onSecret);
      const times = { createdAt: Date.now(), lastUsedAt: undefined, revokedAt: undefined };
      const key = { id, ...wishes, limits: { ...wishes.limits }, ...made.shown, ...times };
      await this.#save(key);
      return { key, secret: made.secret };
    });
  }

  /** @throws GatewayError `key_not_found`, `key_name_taken`, `state_not_stored`. */
  change(id: string, wishes: Partial<KeyWishes>): Promise<StoredApiKey> {
    return this.#change(async () => {
      const before = this.#existing(id);
      if (wishes.name !== undefined && wishes.name !== before.name) this.#refuseTakenName(wishes.name);
      const { limits = before.limits, ...rest } = wishes;
      return this.#save({ ...before, ...rest, limits: { ...limits } });
    });
  }

  /** Gives the key another secret; the old one is worth nothing from now on. @throws as `change` does. */
  rotate(id: string): Promise<NewKey> {
    return this.#change(async () => {
      const { secret, shown } = newSecret(this.#options.onSecret);
      return { key: await this.#save({ ...this.#existing(id), ...shown }), secret };
    });
  }

  /** @throws GatewayError `key_not_found`, `state_not_stored`. */
  revoke(id: string): Promise<StoredApiKey> {
    return this.#change(() => this.#save({ ...this.#existing(id), revokedAt: Date.now() }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#writing);
    await this.#changing;
    await this.#writeUse();
  }

  /** Takes over what another gateway changed. @throws StoreError when the keys cannot be read. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#read());
  }

  /** @throws GatewayError `state_not_stored` when it is not known what there is. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (this.#store.isShared) await this.#read().catch(notStored);
      return work();
    });
  }

  /** One after the other, so that two cannot take one name. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  async #read(): Promise<void> {
    this.#keys = new KeyIndex(await this.#store.all());
  }

  #existing(id: string): StoredApiKey {
    const key = this.#keys.get(id);
    if (key && key.revokedAt === undefined) return key;
    throw new GatewayError("key_not_found", `There is no API key with the id '${id.slice(0, 64)}'.`);
  }

  #refuseTakenName(name: string): void {
    if (!this.all.some((key) => key.name === name)) return;
    throw new GatewayError("key_name_taken", `There is an API key with the name '${name}'.`, { param: "name" });
  }

  async #save(key: StoredApiKey): Promise<StoredApiKey> {
    const used = { ...key, lastUsedAt: this.usedAt(key) };
    await this.#store.save(used).catch(notStored);
    this.#keys.put(used);
    return used;
  }

  /** Never rejects. */
  async #writeUse(): Promise<void> {
    const used = this.#usedAt;
    if (used.size === 0) return;
    this.#usedAt = new Map();
    const changed = [...used].flatMap(([id, lastUsedAt]) => {
      const key = this.#keys.get(id);
      return key ? [{ ...key, lastUsedAt }] : [];
    });
    this.#keys.put(...changed);
    await this.#store.saveUse(used).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : "";
      this.#options.log.warn({ reason }, "the last use of API keys is not stored");
    });
  }
}

/** @throws GatewayError `state_not_stored` for what the store cannot do now. */
function notStored(cause: unknown): never {
  if (!(cause instanceof StoreError)) throw cause;
  throw new GatewayError("state_not_stored", "The change was not stored, so it does not hold.", { cause });
}
