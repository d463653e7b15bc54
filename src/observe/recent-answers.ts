import type { RequestRecord, RequestSink } from "./request-record.ts";

/** How a request went that an account answered. */
export interface RecentAnswer {
  /** When the request came, in Unix time, milliseconds. */
  readonly at: number;
  readonly ok: boolean;
  readonly code: string | null;
  readonly durationMs: number;
}

const KEPT = 60;
const NONE: readonly RecentAnswer[] = [];
/** Of more accounts than a gateway has, the ones that answered longest ago are forgotten. */
const MAX_ACCOUNTS = 2_000;

/** The last answers of each account, in memory. */
export class RecentAnswers implements RequestSink {
  readonly #byAccount = new Map<string, readonly RecentAnswer[]>();

  add({ account, at, code, durationMs }: Pick<RequestRecord, "account" | "at" | "code" | "durationMs">): void {
    if (account === undefined) return;
    const answer = { at, ok: code === undefined, code: code ?? null, durationMs };
    // A new list: whoever holds the last one sees that it changed.
    const answers = [...(this.#byAccount.get(account) ?? []).slice(1 - KEPT), answer];
    this.#byAccount.delete(account);
    this.#byAccount.set(account, answers);
    const [oldest] = this.#byAccount.keys();
    if (this.#byAccount.size > MAX_ACCOUNTS && oldest !== undefined) this.#byAccount.delete(oldest);
  }

  /** Oldest first. The same list as long as nothing changed. */
  of(account: string): readonly RecentAnswer[] {
    return this.#byAccount.get(account) ?? NONE;
  }

  /** An account's answers go on under its new name. */
  rename(before: string, account: string): void {
    const answers = this.#byAccount.get(before);
    if (!answers) return;
    this.#byAccount.delete(before);
    this.#byAccount.set(account, answers);
  }
}
