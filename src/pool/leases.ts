import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { AccountEvents } from "./account-event.ts";
import type { Account } from "./account.ts";
import { inBackground } from "./background.ts";
import { Lease } from "./lease.ts";
import { MovingAverage } from "./moving-average.ts";
import type { PageBudget } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";

export interface LeasesParts {
  /** A lease that is held longer is taken back. */
  readonly leaseLimitMs: number;
  readonly events: AccountEvents;
  readonly pages: PageBudget;
  readonly recovery: Recovery;
  /** Called when a lease is over. */
  readonly refuseUnservable: () => void;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** The leases that run, and what follows each of them. */
export class Leases {
  /** How long a lease takes, checks of its session included. */
  readonly leaseTime = new MovingAverage();
  /** How long it takes until the site has the prompt. */
  readonly sendTime = new MovingAverage();
  readonly #parts: LeasesParts;
  readonly #running = new Set<Lease>();

  constructor(parts: LeasesParts) {
    this.#parts = parts;
  }

  /** `pacedMs`: how long the account's rate limit made the request wait. */
  begin(account: Account, pacedMs: number): Lease {
    account.leased();
    const times = { pacedMs, limitMs: this.#parts.leaseLimitMs };
    const lease: Lease = new Lease(account, times, (error) => this.#settle(lease, error));
    this.#running.add(lease);
    void lease.settled.then(() => this.#running.delete(lease));
    return lease;
  }

  /** Waits until the leases that run are settled: all of them, or one account's. A token that came with the answer is saved then. */
  async settled(account?: Account): Promise<void> {
    const awaited = [...this.#running].filter((lease) => account === undefined || lease.account === account);
    await Promise.all(awaited.map((lease) => lease.settled));
  }

  /** A lease was given back, or taken back. Never rejects. */
  #settle(lease: Lease, error: GatewayError | undefined): Promise<void> {
    const settled = this.#takeBack(lease, error);
    inBackground(settled, this.#parts.log);
    return settled.catch(() => {});
  }

  async #takeBack(lease: Lease, error: GatewayError | undefined): Promise<void> {
    const { recovery, refuseUnservable, log } = this.#parts;
    const { account } = lease;
    account.released();
    if (error || lease.wasUsed) await this.#lookAt(lease, error);
    inBackground(recovery.bringBack(account, { eagerly: false }), log);
    refuseUnservable();
  }

  /** What became of the account under the lease. */
  async #lookAt(lease: Lease, error: GatewayError | undefined): Promise<void> {
    const { events, pages, recovery, log, signal } = this.#parts;
    const { account } = lease;
    events.emit({ kind: "lease_over", accountId: account.id, heldMs: lease.elapsedMs });
    const failure = error && error.row.fate !== "keep" ? error : await problemOf(account);
    if (failure) await recovery.fail(account, failure, lease.isUnsolved);
    else if (!error) {
      account.answered();
      this.leaseTime.add(lease.elapsedMs);
      this.sendTime.add(lease.sentAfterMs ?? 0);
      inBackground(pages.recycleWorn(account, log, signal), log);
    }
  }
}

/** What keeps its session from being leased again; undefined when nothing does. */
async function problemOf({ session }: Account): Promise<GatewayError | undefined> {
  try {
    if (!(await session.isQuiet())) return new GatewayError("session_lost", "The page is stuck or gone.");
    await session.keepCookies();
    return undefined;
  } catch (cause) {
    return GatewayError.from(cause);
  }
}
