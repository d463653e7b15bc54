import type { ArrivingAccount } from "../pool/distant-account.ts";
import type { ToldAccounts } from "../pool/pool-share.ts";
import type { RateLimit } from "../pool/rate-limiter.ts";
import type { StoreClock } from "../store/database-clock.ts";
import type { ListedAccount } from "./holding.ts";
import type { Owners } from "./owners.ts";
import type { KnownPeer } from "./peers.ts";

export interface ArrivalsParts {
  readonly own: { readonly weight: number; readonly isDraining: boolean };
  readonly peers: { readonly all: readonly KnownPeer[] };
  readonly owners: Pick<Owners, "byAccount" | "failures">;
  readonly clock: StoreClock;
  /** The site of accounts that name none. */
  readonly usualSite: string;
}

/** What replicas that answer tell of an account: one keeps it, or it goes to another one. */
export type Whereabouts = (accountId: string) => "kept" | "leaving" | undefined;

export interface Sought {
  readonly whereabouts: Whereabouts;
  /** Of every account. */
  readonly rateLimit: RateLimit | undefined;
}

interface Missing {
  readonly owner: string | undefined;
  /** On the monotonic clock. */
  readonly sinceMs: number;
}

/** An account that is given up, or taken for the first time, usually serves after this: two heartbeats, and a page that opens. */
const HAND_OVER_MS = 5_000;
/** Where its owner is lost, that owner's last prompt may have to end first. */
const TAKE_OVER_MS = 10_000;
/**
 * A replica takes an account within this time: a frozen owner is ended after 10 s, its last prompt 8 s later; the rest is for
 * heartbeats and the page. Without any sign of it for so long, something else is wrong.
 */
export const COMES_WITHIN_MS = 30_000;
/** These states wait for a person. */
const NEEDS_A_PERSON: ReadonlySet<string> = new Set(["disabled", "expired", "needs_attention"]);

/** Finds the accounts that no replica has in use although one is about to. */
export class Arrivals {
  readonly #parts: ArrivalsParts;
  #missing: ReadonlyMap<string, Missing> = new Map();

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
  }

  /** To be called about once a second: from one call to the next it is noted since when accounts are missing. */
  of(listed: Iterable<ListedAccount>, { whereabouts, rateLimit }: Sought): readonly ArrivingAccount[] {
    const { peers, usualSite } = this.#parts;
    const nowMs = performance.now();
    const live = new Set(peers.all.filter(({ isLive }) => isLive).map(({ id }) => id));
    const missing = new Map<string, Missing>();
    const arriving: ArrivingAccount[] = [];
    for (const listedAccount of listed) {
      const { id, account } = listedAccount;
      const where = whereabouts(id);
      if (where === "kept") continue;
      const note = this.#noted(id, where === "leaving");
      missing.set(id, note);
      const isTakenOver = note.owner !== undefined && !live.has(note.owner);
      const comesMs = note.sinceMs + (isTakenOver ? TAKE_OVER_MS : HAND_OVER_MS);
      // Of an account that leaves, its replica knows more than was stored.
      const dueMs = where === "leaving" ? comesMs : Math.max(comesMs, this.#usableMs(listedAccount));
      if (nowMs - note.sinceMs > COMES_WITHIN_MS || dueMs === Infinity) continue;
      arriving.push({ id, site: account.site ?? usualSite, isInService: true, dueMs, rateLimit });
    }
    this.#missing = missing;
    return this.#canBeTaken ? arriving : [];
  }

  /** Whether a replica is there that opens pages. */
  get #canBeTaken(): boolean {
    const { own, peers } = this.#parts;
    const others = peers.all.filter(({ isLive }) => isLive);
    return [own, ...others].some(({ weight, isDraining }) => weight > 0 && !isDraining);
  }

  /** A new owner, or a sign of the present one, is a reason to wait on. */
  #noted(id: string, isLeaving: boolean): Missing {
    const before = this.#missing.get(id);
    const owner = this.#parts.owners.byAccount.get(id);
    return before && before.owner === owner && !isLeaving ? before : { owner, sinceMs: performance.now() };
  }

  /** From when its stored state lets it serve, on the monotonic clock; Infinity if a person is needed. */
  #usableMs({ key }: ListedAccount): number {
    const { owners, clock } = this.#parts;
    const failure = owners.failures.get(key);
    if (!failure) return 0;
    if (NEEDS_A_PERSON.has(failure.state)) return Infinity;
    return failure.nextTryAt === null ? 0 : performance.now() + clock.toLocal(failure.nextTryAt) - Date.now();
  }
}

/** As all of these replicas tell. */
export function whereaboutsIn(told: readonly ToldAccounts[]): Whereabouts {
  const keeps = new Set(told.flatMap(({ accounts, unable }) => [...accounts.map(({ id }) => id), ...unable]));
  const leaves = new Set(told.flatMap(({ leaving }) => leaving));
  return (id) => (keeps.has(id) ? "kept" : leaves.has(id) ? "leaving" : undefined);
}
