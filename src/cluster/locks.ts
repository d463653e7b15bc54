import { DatabaseError } from "pg";
import { namesOf, type AccountName } from "../store/account-name.ts";
import type { Anchor } from "./anchor.ts";

const TRY = `
  SELECT name, is_taken FROM (
    SELECT name, pg_try_advisory_lock(hashtextextended(name, 0)) AS is_taken FROM unnest($1::text[]) AS wanted (name)
    OFFSET 0) AS tried`;
const UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS held (name)";
/** The server has no room for more locks. */
const OUT_OF_MEMORY = "53200";

/**
 * The advisory locks of one session, two for each account. A name is never locked twice, since the server would then want
 * two unlocks.
 */
export class Locks {
  readonly #anchor: Anchor;
  readonly #held = new Set<string>();

  constructor(anchor: Anchor) {
    this.#anchor = anchor;
  }

  /** How many the session is to hold. */
  get count(): number {
    return this.#held.size;
  }

  /** Which of the accounts are locked here from now on. Those that another session has, by either name, are left out. */
  async take<Account extends AccountName>(accounts: readonly Account[]): Promise<readonly Account[]> {
    const free = accounts.filter((account) => namesOf(account).every((name) => !this.#held.has(name)));
    const taken = await this.#try(free.flatMap(namesOf));
    const whole = free.filter((account) => namesOf(account).every((name) => taken.has(name)));
    for (const name of whole.flatMap(namesOf)) taken.delete(name);
    await this.#unlock([...taken]);
    return whole;
  }

  async release(accounts: readonly AccountName[]): Promise<void> {
    await this.#unlock(accounts.flatMap(namesOf).filter((name) => this.#held.has(name)));
  }

  async #try(names: readonly string[]): Promise<Set<string>> {
    if (names.length === 0) return new Set();
    const rows = await this.#anchor.query<{ name: string; is_taken: boolean }>(TRY, [names]).catch(async (cause) => {
      // Locks that were taken before the failure stay.
      if (isOutOfMemory(cause)) await this.#anchor.query(UNLOCK, [names]);
      throw cause;
    });
    const taken = new Set(rows.filter((row) => row.is_taken).map(({ name }) => name));
    for (const name of taken) this.#held.add(name);
    return taken;
  }

  async #unlock(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#anchor.query(UNLOCK, [names]);
    for (const name of names) this.#held.delete(name);
  }
}

/** Whether `max_locks_per_transaction` is too small for so many accounts. The session is as it was before then. */
export function isOutOfMemory(cause: unknown): boolean {
  const { cause: reason } = cause as Error;
  return reason instanceof DatabaseError && reason.code === OUT_OF_MEMORY;
}
