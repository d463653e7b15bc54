import type { PlacedAccount } from "../accounts/account-manager.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { AccountHold, Turn } from "../browser/account-hold.ts";
import type { AccountName } from "../store/account-name.ts";
import type { Membership } from "./membership.ts";
import { ownershipLost } from "./ownership-lost.ts";
import type { HeldAccount, Turns } from "./turns.ts";

/** An account of the list, and what its stored state is found by. */
export interface ListedAccount extends AccountName {
  readonly account: ConfiguredAccount;
}

export interface HoldingParts {
  readonly membership: Pick<Membership, "untilMs">;
  readonly turns: Pick<Turns, "begin">;
}

/** An account that this replica has, from its claim until it is given up or lost. */
export class Holding implements AccountHold, HeldAccount, AccountName {
  readonly key: string;
  readonly id: string;
  readonly epoch: number;
  /** From when it may be used, on the monotonic clock: the replica that had it before may work on a last prompt until then. */
  readonly fromMs: number;
  readonly takenMs = performance.now();
  /** Whether placement gave it to this replica; else nobody else took it. */
  readonly isPlaced: boolean;
  readonly #parts: HoldingParts;
  readonly #lost = new AbortController();
  #placed: PlacedAccount | undefined;
  /** What it is placed as. */
  #configured: ConfiguredAccount | undefined;
  /** As it is configured now. */
  account: ConfiguredAccount;
  /** It gets no new request, and goes as soon as its request is over. */
  isLeaving = false;
  /** The manager is asked to tell when it is gone. */
  isParting = false;
  /** Its page is closed, and its state is stored. */
  isGone = false;

  constructor(
    { key, id, account }: ListedAccount,
    { epoch, waitMs, isPlaced }: { readonly epoch: number; readonly waitMs: number; readonly isPlaced: boolean },
    parts: HoldingParts,
  ) {
    this.key = key;
    this.id = id;
    this.account = account;
    this.epoch = epoch;
    this.fromMs = performance.now() + waitMs;
    this.isPlaced = isPlaced;
    this.#parts = parts;
  }

  /** The account with the right to use it: the same object for as long as nothing is configured differently. */
  get placed(): PlacedAccount {
    const { account } = this;
    if (this.#configured !== account || !this.#placed) this.#placed = { ...account, hold: this };
    this.#configured = account;
    return this.#placed;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  lose(): void {
    this.isLeaving = true;
    this.#lost.abort();
  }

  assertHeld(): void {
    if (this.lost.aborted) throw ownershipLost("another replica has it");
    if (performance.now() > this.#parts.membership.untilMs) throw ownershipLost("the database does not answer");
  }

  begin(turnId: string, signal: AbortSignal): Promise<Turn> {
    return this.#parts.turns.begin(this, turnId, signal);
  }
}
