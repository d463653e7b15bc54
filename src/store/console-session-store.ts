import type { Database } from "./database.ts";

/** A browser in which the operator is signed in to the console. Times are in Unix time, milliseconds. */
export interface StoredConsoleSession {
  /** Of the secret in its cookie, which is nowhere. */
  readonly digest: string;
  readonly id: string;
  /** When it ends in any case. */
  readonly endsAt: number;
  /** When it ends if nothing is asked until then. */
  readonly idleUntil: number;
}

/** The console's sessions, for all gateways that share the database. All methods throw StoreError only. */
export class ConsoleSessionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds a session. Of those that there are then, at most `keep` stay: the ones that were used last. */
  async add({ digest, id, endsAt, idleUntil }: StoredConsoleSession, keep: number): Promise<void> {
    const { clock } = this.#database;
    const row = { digest, id, ends_at: clock.toStored(endsAt), idle_until: clock.toStored(idleUntil) };
    await this.#database.change("console_sessions", async (db) => {
      await db.insertInto("console_session").values(row).execute();
      const now = clock.toStored(Date.now());
      await db
        .deleteFrom("console_session")
        .where((where) => where.or([where("idle_until", "<=", now), where("ends_at", "<=", now)]))
        .execute();
      await db
        .deleteFrom("console_session")
        .where("id", "not in", (from) =>
          from.selectFrom("console_session").select("id").orderBy("idle_until", "desc").orderBy("id").limit(keep),
        )
        .execute();
    });
  }

  /** Undefined where it has ended. */
  async find(digest: string): Promise<StoredConsoleSession | undefined> {
    const { clock } = this.#database;
    const row = await this.#database.run((db) =>
      db.selectFrom("console_session").selectAll().where("digest", "=", digest).executeTakeFirst(),
    );
    if (!row) return undefined;
    const session = {
      digest,
      id: row.id,
      endsAt: clock.toLocal(row.ends_at),
      idleUntil: clock.toLocal(row.idle_until),
    };
    return Math.min(session.endsAt, session.idleUntil) > Date.now() ? session : undefined;
  }

  /** It was used: it ends later. */
  async prolong(digest: string, idleUntil: number): Promise<void> {
    const until = this.#database.clock.toStored(idleUntil);
    await this.#database.run((db) =>
      db
        .updateTable("console_session")
        .set({ idle_until: until })
        .where("digest", "=", digest)
        .where("idle_until", "<", until)
        .execute(),
    );
  }

  /** Ends it everywhere. */
  async remove(id: string): Promise<void> {
    await this.#database.change("console_sessions", (db) =>
      db.deleteFrom("console_session").where("id", "=", id).execute(),
    );
  }

  /** The ids of those that have not been ended. */
  async ids(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.run((db) => db.selectFrom("console_session").select("id").execute());
    return new Set(rows.map(({ id }) => id));
  }
}
