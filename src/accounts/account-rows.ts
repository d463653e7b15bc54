import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { RecentAnswer, RecentAnswers } from "../observe/recent-answers.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import type { AccountStatus } from "../pool/pool-status.ts";
import type { Sites } from "../sites/catalog.ts";
import type { StateChange } from "../pool/account-event.ts";
import type { AccountHistory } from "./account-history.ts";
import type { AccountRoster } from "./account-roster.ts";

/** One account as its operator sees it. Holds no secret. Times are milliseconds since the epoch. */
export interface AccountRow extends Omit<AccountStatus, "isRetired"> {
  readonly source: "settings" | "file" | "console";
  /** The name of its site. */
  readonly site: string;
  /** Host and port of its own proxy; undefined when it uses the proxy of all accounts, or none. */
  readonly proxy: string | undefined;
  readonly lastUsedAt: number | undefined;
  /** Whether it can be changed and removed here. */
  readonly isEditable: boolean;
  /** It was removed and finishes its answer. */
  readonly isLeaving: boolean;
  /** Its last answers, oldest first. */
  readonly recent: readonly RecentAnswer[];
}

export interface AccountRowsParts {
  readonly pool: Pick<SessionPool, "states">;
  readonly roster: Pick<AccountRoster, "find">;
  readonly history: AccountHistory;
  readonly recent: RecentAnswers;
  readonly sites: Sites;
}

/** What is known of each account, put together. */
export class AccountRows {
  readonly #parts: AccountRowsParts;
  readonly #startedAt = Date.now();

  constructor(parts: AccountRowsParts) {
    this.#parts = parts;
  }

  /** Those of the pool: an account that was removed is there until its answer is over. */
  get all(): readonly AccountRow[] {
    return this.#parts.pool.states.map((status) => this.#rowOf(status));
  }

  find(id: string): AccountRow | undefined {
    const status = this.#parts.pool.states.find((one) => one.id === id);
    return status && this.#rowOf(status);
  }

  /** The row of a known account, also while it waits for the end of an answer of the one that it replaces. */
  of(account: ConfiguredAccount): AccountRow {
    return this.find(account.id) ?? this.#rowOf({ ...AWAITED, id: account.id, since: Date.now() }, account);
  }

  /** What is known of an account that is not in use here. */
  listed(account: ConfiguredAccount): AccountRow {
    return this.#rowOf({ ...AWAITED, id: account.id, since: this.#startedAt }, account);
  }

  /** The account's last changes of state, newest first. */
  historyOf(id: string): readonly StateChange[] {
    return this.#parts.history.of(id);
  }

  #rowOf(
    { isRetired, ...status }: AccountStatus,
    account: ConfiguredAccount | undefined = this.#parts.roster.find(status.id),
  ): AccountRow {
    const { recent, sites } = this.#parts;
    const answers = recent.of(status.id);
    const usedAt = Math.max(answers.at(-1)?.at ?? 0, status.lastSentAt ?? 0);
    const source = account?.source ?? "settings";
    return {
      ...status,
      source,
      site: sites.named(account?.site).name,
      proxy: account?.proxy && URL.parse(account.proxy.server)?.host,
      lastUsedAt: usedAt === 0 ? undefined : usedAt,
      isEditable: account !== undefined && source === "console",
      isLeaving: isRetired && account === undefined,
      recent: answers,
    };
  }
}

const AWAITED = {
  state: "idle",
  reason: "waits for the end of the answer that runs",
  nextTryAt: undefined,
  expiresAt: undefined,
  isLeased: false,
  isRetired: false,
  pace: undefined,
  lastSentAt: undefined,
} as const;
