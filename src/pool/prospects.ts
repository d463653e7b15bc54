import type { Account } from "./account.ts";
import { prospectOf, type UsualDurations } from "./availability.ts";
import {
  arrivingProspect,
  distantProspect,
  outlookOf,
  type ArrivingAccount,
  type Assumption,
  type Candidate,
  type DistantAccounts,
  type Outlook,
} from "./distant-account.ts";
import { Forecast } from "./forecast.ts";
import type { MovingAverage } from "./moving-average.ts";

export interface ProspectsParts {
  readonly accounts: ReadonlyMap<string, Account>;
  /** The accounts of other replicas, which may serve the same requests. */
  readonly distant?: DistantAccounts | undefined;
  /** How long a request may wait. */
  readonly timeoutMs: number;
  /** How long leases take, how long until the site has the prompt, and how long pages take to open. */
  readonly leases: MovingAverage;
  readonly sends: MovingAverage;
  readonly openings: MovingAverage;
  /** Aborts when the gateway stops: the accounts here serve nothing new then. */
  readonly signal: AbortSignal;
}

/** No request waits for an account that only failed for this long: it may need a person. */
const DOUBT_MS = 60_000;
const CERTAIN: UsualDurations = { leaseMs: 0, sendMs: 0, openingMs: 0 };

/** The accounts that may serve soon, and when. */
export class Prospects {
  readonly #parts: ProspectsParts;

  constructor(parts: ProspectsParts) {
    this.#parts = parts;
  }

  /** What other replicas are told of the accounts here. */
  get outlooks(): readonly Outlook[] {
    const usual = this.#durations("usual");
    return this.#serving
      .filter(({ isInService }) => isInService)
      .map((account) => outlookOf(account, prospectOf(account, usual), prospectOf(account, CERTAIN)));
  }

  /** Ids of the accounts here that another replica could use soon: they leave as soon as their requests are over. */
  get leaving(): readonly string[] {
    const { signal } = this.#parts;
    return idsOf(this.#promising.filter(({ isRetired }) => isRetired || signal.aborted));
  }

  /** Ids of the accounts here that cannot serve for a while, wherever they are: disabled, signed out, … */
  get unable(): readonly string[] {
    return idsOf([...this.#parts.accounts.values()].filter((account) => !isPromising(account, this.#parts.timeoutMs)));
  }

  /** Whether any account may serve soon that is accepted. */
  some(accepts: (account: Candidate) => boolean): boolean {
    return this.#serving.some(accepts) || this.#distant.some(accepts) || this.#arriving.some(accepts);
  }

  /** Whether an account sleeps here that may serve soon and is accepted. */
  someAsleep(accepts: (account: Candidate) => boolean): boolean {
    for (const account of this.#parts.accounts.values()) {
      const isAsleep = account.state === "idle" && account.isInService && accepts(account);
      if (isAsleep && isPromising(account, this.#parts.timeoutMs)) return true;
    }
    return false;
  }

  /** How many accounts of other replicas are ready and accepted, as far as is known. */
  countDistantReady(accepts: (account: Candidate) => boolean): number {
    return this.#distant.filter((account) => account.state === "ready" && accepts(account)).length;
  }

  /** The future, if things go as is assumed. */
  forecast(assumed: Assumption): Forecast<Candidate> {
    const durations = this.#durations(assumed);
    const prospects = [
      ...this.#serving.map((account) => prospectOf(account, durations)),
      ...this.#distant.map((outlook) => distantProspect(outlook, assumed)),
      ...this.#arriving.map((account) => arrivingProspect(account, assumed)),
    ];
    return new Forecast<Candidate>(prospects, durations);
  }

  /** Those here that may serve requests here. */
  get #serving(): Account[] {
    return this.#parts.signal.aborted ? [] : this.#promising;
  }

  /** This runs for each request, over all accounts. */
  get #promising(): Account[] {
    const { accounts, timeoutMs } = this.#parts;
    const promising: Account[] = [];
    for (const account of accounts.values()) if (isPromising(account, timeoutMs)) promising.push(account);
    return promising;
  }

  get #distant() {
    return this.#parts.distant?.outlooks() ?? [];
  }

  /** Those that are here in the meantime are not on their way any more. */
  get #arriving(): ArrivingAccount[] {
    const { accounts, distant, timeoutMs, signal } = this.#parts;
    const nowMs = performance.now();
    return (distant?.arriving() ?? []).filter(({ id, dueMs }) => {
      const isHere = accounts.get(id)?.isRetired === false && !signal.aborted;
      return !isHere && dueMs - nowMs < timeoutMs;
    });
  }

  #durations(assumed: Assumption): UsualDurations {
    if (assumed === "certain") return CERTAIN;
    const { leases, sends, openings } = this.#parts;
    return { leaseMs: leases.ms, sendMs: sends.ms, openingMs: assumed === "open" ? 0 : openings.ms };
  }
}

function idsOf(accounts: readonly Account[]): string[] {
  return accounts.map(({ id }) => id);
}

/** Whether it may answer within this time. */
function isPromising(account: Account, limitMs: number): boolean {
  const { failingSinceMs, waitMs } = account;
  if (account.isHeld) return false;
  if (failingSinceMs !== undefined && performance.now() - failingSinceMs + waitMs > DOUBT_MS) return false;
  // A rate limit is no failure: the forecast says when the account serves again.
  return account.state === "rate_limited" || waitMs < limitMs;
}
