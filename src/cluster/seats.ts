import type { AccountName } from "../store/account-name.ts";
import type { Owners } from "./owners.ts";
import type { Peers } from "./peers.ts";
import { Placement, type Place } from "./placement.ts";

/** For so long nobody had an account, so that its own replica will not take it. */
const UNOWNED_MS = 10_000;
/** A replica that took such an account keeps it for so long, since the other may still be unable to take it. */
const KEEP_FOR_OTHERS_MS = 60_000;

/** Which accounts a replica is to have. */
export class Seats {
  readonly #own: () => Place & { readonly isDraining: boolean };
  readonly #peers: Peers;
  readonly #placement = new Placement();
  readonly #owners: Pick<Owners, "byAccount">;
  /** Since when an account has no owner that works, on the monotonic clock. */
  readonly #unownedMs = new Map<string, number>();
  #placed: { readonly peers: unknown; readonly isDraining: boolean; readonly places: readonly Place[] } | undefined;

  constructor(own: () => Place & { readonly isDraining: boolean }, peers: Peers, owners: Pick<Owners, "byAccount">) {
    this.#own = own;
    this.#peers = peers;
    this.#owners = owners;
  }

  /** Whether this replica comes first for the account. */
  isMine(accountId: string): boolean {
    return this.#placement.of(accountId, this.#places) === this.#own().id;
  }

  /** Those that this replica is to take: it comes first for them, or nobody had them for a while. */
  wantedOf<Account extends AccountName>(free: readonly Account[]): readonly Account[] {
    const { id: ownId, weight, isDraining } = this.#own();
    const places = this.#places;
    this.#placement.keepOnly(new Set(places.map(({ id }) => id)));
    const mayTake = weight > 0 && !isDraining;
    const live = new Set(this.#peers.all.filter(({ isLive }) => isLive).map(({ id }) => id));
    const nowMs = performance.now();
    const ids = new Set(free.map(({ id }) => id));
    for (const id of this.#unownedMs.keys()) if (!ids.has(id)) this.#unownedMs.delete(id);
    return free.filter(({ id }) => {
      if (!mayTake) return false;
      if (this.#placement.of(id, places) === ownId) return true;
      if (live.has(this.#owners.byAccount.get(id) ?? "")) {
        this.#unownedMs.delete(id);
        return false;
      }
      const sinceMs = this.#unownedMs.get(id) ?? nowMs;
      this.#unownedMs.set(id, sinceMs);
      return nowMs - sinceMs > UNOWNED_MS;
    });
  }

  /** Whether another replica comes first for an account that is here. */
  mustLeave({
    id,
    isPlaced,
    takenMs,
  }: AccountName & { readonly isPlaced: boolean; readonly takenMs: number }): boolean {
    const placed = this.#placement.of(id, this.#places);
    if (placed === this.#own().id) return false;
    if (this.#own().isDraining) return true;
    return placed !== undefined && (isPlaced || performance.now() - takenMs > KEEP_FOR_OTHERS_MS);
  }

  /** The replicas that can have accounts. */
  get #places(): readonly Place[] {
    const own = this.#own();
    const { all: peers } = this.#peers;
    if (this.#placed?.peers !== peers || this.#placed.isDraining !== own.isDraining) {
      const others = peers.filter(({ isLive, isDraining }) => isLive && !isDraining);
      this.#placed = { peers, isDraining: own.isDraining, places: own.isDraining ? others : [...others, own] };
    }
    return this.#placed.places;
  }
}
