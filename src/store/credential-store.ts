import { Database } from "./database.ts";
import { Seal } from "./seal.ts";

export interface StoredCredential {
  /** The browser's cookies in Playwright's form as they last were, rotated tokens included; JSON. */
  readonly cookies: string;
  readonly state: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly nextTryAt: number | undefined;
  readonly failuresInARow: number;
  /** When it sent lately; milliseconds since the epoch. */
  readonly sentAt: readonly number[];
}

/**
 * What a restart must not forget of each credential. All methods throw StoreError only; a save that failed leaves what
 * was stored as it was, and the next one may succeed.
 */
export class CredentialStore implements AsyncDisposable {
  readonly #database: Database;
  readonly #seal: Seal;

  private constructor(database: Database, seal: Seal) {
    this.#database = database;
    this.#seal = seal;
  }

  static async open(stateDir: string, secretKey: Buffer): Promise<CredentialStore> {
    return new CredentialStore(await Database.open(stateDir), new Seal(secretKey));
  }

  /** Undefined when nothing is stored, or when it grew from another cookie than the one that is configured now. */
  async load(id: string, configuredCookie: string): Promise<StoredCredential | undefined> {
    const row = await this.#database.run((db) =>
      db.selectFrom("credential").selectAll().where("id", "=", id).executeTakeFirst(),
    );
    if (!row) return undefined;
    const context = contextOf(id);
    const cookies = this.#seal.open(row.cookies, context);
    if (row.configured !== this.#seal.digest(configuredCookie, context)) return undefined;
    const { state, reason, since, next_try_at: nextTryAt, failures_in_a_row: failuresInARow } = row;
    const sentAt = sentAtOf(row);
    return { cookies, state, reason, since, nextTryAt: nextTryAt ?? undefined, failuresInARow, sentAt };
  }

  /** When the credential sent lately, whichever cookie it had; milliseconds since the epoch. */
  async sentAt(id: string): Promise<readonly number[]> {
    const row = await this.#database.run((db) =>
      db.selectFrom("credential").select("sent_at").where("id", "=", id).executeTakeFirst(),
    );
    return row ? sentAtOf(row) : [];
  }

  async save(id: string, configuredCookie: string, stored: StoredCredential): Promise<void> {
    const context = contextOf(id);
    const values = {
      configured: this.#seal.digest(configuredCookie, context),
      cookies: this.#seal.seal(stored.cookies, context),
      state: stored.state,
      reason: stored.reason,
      since: stored.since,
      next_try_at: stored.nextTryAt ?? null,
      failures_in_a_row: stored.failuresInARow,
      sent_at: JSON.stringify(stored.sentAt),
    };
    await this.#database.run((db) =>
      db
        .insertInto("credential")
        .values({ id, ...values })
        .onConflict((conflict) => conflict.column("id").doUpdateSet(values))
        .execute(),
    );
  }

  /** Forgets the credentials that are not configured any more; gives how many. */
  async forgetExcept(ids: readonly string[]): Promise<number> {
    const { numDeletedRows } = await this.#database.run((db) => {
      const all = db.deleteFrom("credential");
      return (ids.length === 0 ? all : all.where("id", "not in", ids)).executeTakeFirstOrThrow();
    });
    return Number(numDeletedRows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}

function sentAtOf(row: { readonly sent_at: string }): readonly number[] {
  return JSON.parse(row.sent_at) as number[];
}

function contextOf(id: string): string {
  return `credential:${id}`;
}
