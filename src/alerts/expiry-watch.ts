import type { ExpiryNotice } from "./notice.ts";

/** An account, as far as its expiry goes. */
export interface ExpiringAccount {
  readonly id: string;
  readonly state: string;
  /** In Unix time, milliseconds; undefined if unknown. */
  readonly expiresAt: number | undefined;
}

interface Seen {
  readonly expiresAt: number;
  /** How long before the expiry it is told. */
  readonly beforeMs: number;
  isTold: boolean;
}

/** Their operator was told already, or does not want them. */
const SETTLED: ReadonlySet<string> = new Set(["expired", "needs_attention", "disabled", "draining"]);
/** A sign-in that its site renews is renewed when about half of its time is left: less than this is too late. */
const RENEWED_SHARE = 1 / 3;

/** Finds sign-ins that end soon. Each end is told once, restarts included; a sign-in that the site renews in time is never told. */
export class ExpiryWatch {
  readonly #beforeMs: number;
  readonly #seen = new Map<string, Seen>();

  /** `told`: what the operator was told before a restart. */
  constructor(beforeMs: number, told: readonly Pick<ExpiryNotice, "account" | "expiresAt">[] = []) {
    this.#beforeMs = beforeMs;
    for (const { account, expiresAt } of told) this.#seen.set(account, { expiresAt, beforeMs, isTold: true });
  }

  /** What is to be told now. */
  check(accounts: readonly ExpiringAccount[], now = Date.now()): readonly ExpiryNotice[] {
    return accounts.flatMap(({ id, state, expiresAt }) => {
      if (expiresAt === undefined || expiresAt <= now || SETTLED.has(state)) return [];
      const seen = this.#see(id, expiresAt, now);
      if (seen.isTold || expiresAt - now > seen.beforeMs) return [];
      seen.isTold = true;
      return [{ kind: "expiry" as const, account: id, expiresAt }];
    });
  }

  #see(id: string, expiresAt: number, now: number): Seen {
    const before = this.#seen.get(id);
    if (before?.expiresAt === expiresAt) return before;
    const renewedMs = before === undefined ? Number.POSITIVE_INFINITY : (expiresAt - now) * RENEWED_SHARE;
    const seen = { expiresAt, beforeMs: Math.min(this.#beforeMs, renewedMs), isTold: false };
    this.#seen.set(id, seen);
    return seen;
  }
}
