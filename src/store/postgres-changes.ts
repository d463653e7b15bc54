import { Client } from "pg";
import type { Database } from "./database.ts";
import { connectionConfig } from "./postgres-pool.ts";
import type { StoreChanges, Topic } from "./store-changes.ts";

/** The channel on which PostgreSQL says that something changed. */
export const CHANNEL = "gptomni_gateway";
/** A change that was not said, for example while the connection was down, is found by then. */
const LOOK_EVERY_MS = 10_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

interface Subscription {
  readonly topic: Topic;
  readonly listener: () => Promise<void>;
  /** What it has heard of. */
  version: number;
}

export interface PostgresChangesOptions {
  /** Of PostgreSQL itself: a pooler passes nothing on. */
  readonly directUrl: string;
  /** How often it looks by itself; 10 s unless given. */
  readonly lookEveryMs?: number | undefined;
}

/**
 * Hears of changes by LISTEN, and looks by itself now and then. Each topic has a version in the database, so what was said while
 * nobody heard it is found, and what was said twice is read once.
 */
export class PostgresChanges implements StoreChanges, AsyncDisposable {
  readonly #database: Database;
  readonly #directUrl: string;
  readonly #atStart: ReadonlyMap<string, number>;
  readonly #subscriptions = new Set<Subscription>();
  readonly #looking: NodeJS.Timeout;
  #client: Client | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retrying: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #isDue = false;
  #isClosed = false;

  private constructor(database: Database, atStart: ReadonlyMap<string, number>, options: PostgresChangesOptions) {
    this.#database = database;
    this.#atStart = atStart;
    this.#directUrl = options.directUrl;
    this.#looking = setInterval(() => void this.#look(), options.lookEveryMs ?? LOOK_EVERY_MS).unref();
  }

  /** @throws StoreError when the versions cannot be read. */
  static async open(database: Database, options: PostgresChangesOptions): Promise<PostgresChanges> {
    const changes = new PostgresChanges(database, await versionsIn(database), options);
    void changes.#listen();
    return changes;
  }

  subscribe(topic: Topic, listener: () => Promise<void>): Disposable {
    const subscription = { topic, listener, version: this.#atStart.get(topic) ?? 0 };
    this.#subscriptions.add(subscription);
    return { [Symbol.dispose]: () => void this.#subscriptions.delete(subscription) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    clearTimeout(this.#retrying);
    this.#subscriptions.clear();
    await this.#reading;
    this.#client?.removeAllListeners("end");
    await this.#client?.end().catch(() => {});
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    // Finds out whether the connection that listens is still there: nothing else is sent on it.
    await this.#client?.query("SELECT 1").catch(() => this.#reconnect());
    await this.#read();
  }

  /** One reading at a time; what is said meanwhile makes another one. Never rejects. */
  async #read(): Promise<void> {
    this.#isDue = true;
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      const versions = await versionsIn(this.#database).catch(() => undefined);
      for (const subscription of versions ? this.#subscriptions : []) {
        const version = versions?.get(subscription.topic) ?? 0;
        if (version === subscription.version) continue;
        const isTaken = await subscription.listener().then(
          () => true,
          () => false,
        );
        if (isTaken) subscription.version = version;
      }
    }
  }

  /** Never rejects. */
  async #listen(): Promise<void> {
    if (this.#isClosed) return;
    try {
      // It throws where the URL names a file that is not there.
      this.#client = new Client(connectionConfig(this.#directUrl));
    } catch {
      this.#retry();
      return;
    }
    const client = this.#client;
    client.on("error", () => {});
    client.once("end", () => this.#reconnect());
    client.on("notification", () => void this.#read());
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#retryMs = FIRST_RETRY_MS;
      await this.#read();
    } catch {
      this.#reconnect();
    }
  }

  #reconnect(): void {
    const client = this.#client;
    this.#client = undefined;
    if (!client || this.#isClosed) return;
    client.removeAllListeners("end");
    client.end().catch(() => {});
    this.#retry();
  }

  #retry(): void {
    this.#retrying = setTimeout(() => void this.#listen(), this.#retryMs * (1 + Math.random())).unref();
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }
}

async function versionsIn(database: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await database.run((db) => db.selectFrom("change").selectAll().execute());
  return new Map(rows.map(({ topic, version }) => [topic, version]));
}
