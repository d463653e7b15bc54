import type { AccountManager } from "../accounts/account-manager.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { Log } from "../observe/log.ts";
import { abortable } from "../process/abortable.ts";
import { batches } from "../process/batches.ts";
import { namesOf } from "../store/account-name.ts";
import { claim, holdAgain, release, type Claimed } from "./claims.ts";
import { Holding, type ListedAccount } from "./holding.ts";
import { isOutOfMemory } from "./locks.ts";
import type { Membership } from "./membership.ts";
import type { Standing } from "./standing.ts";
import type { Seats } from "./seats.ts";
import type { Turns } from "./turns.ts";
import { Unstored, type UnstoredAccounts } from "./unstored.ts";

export interface OwnedAccountsParts {
  readonly replicaId: string;
  readonly manager: Pick<AccountManager, "apply" | "gone">;
  readonly persistence: UnstoredAccounts;
  /** What an account's stored state is found by. */
  readonly keyOf: (account: ConfiguredAccount) => string;
  readonly membership: Membership;
  readonly seats: Seats;
  readonly turns: Turns;
  readonly log: Log;
}

/** One statement takes so many at most, so that heartbeats and prompts do not wait long. */
const CLAIMS_AT_ONCE = 500;

/**
 * Gives the accounts of the list that are this replica's to the manager. An account is taken by its lock, and used once the
 * last prompt of its former owner is over. One that another replica is to have finishes its request, its state is stored,
 * and then its lock is freed.
 */
export class OwnedAccounts {
  readonly #parts: OwnedAccountsParts;
  /** Every account there is, by its key. */
  #listed: ReadonlyMap<string, ListedAccount> = new Map();
  #list: readonly ConfiguredAccount[] = [];
  readonly #holdings = new Map<string, Holding>();
  /** What the manager has, and whether it took it. */
  #handed: readonly unknown[] = [];
  #applied: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> = Promise.resolve();
  #nextPass: Promise<void> | undefined;
  /** Resolves with the next pass that is over. */
  #changed = Promise.withResolvers<void>();
  readonly #unstored: Unstored;

  constructor(parts: OwnedAccountsParts) {
    this.#parts = parts;
    this.#unstored = new Unstored(parts.persistence, parts.log);
  }

  /** How many accounts this replica has. */
  get count(): number {
    return this.#holdings.size;
  }

  /** Every account there is, wherever it is. */
  get listed(): Iterable<ListedAccount> {
    return this.#listed.values();
  }

  /** Whether an account is not here yet that this replica comes first for. */
  get isShort(): boolean {
    const nowMs = performance.now();
    const isHere = (key: string): boolean => (this.#holdings.get(key)?.fromMs ?? Infinity) <= nowMs;
    return [...this.#listed.values()].some(({ key, id }) => !isHere(key) && this.#parts.seats.isMine(id));
  }

  /** Takes over a list. Resolves when what is this replica's of it is in use, and what was is not any more. */
  async apply(list: readonly ConfiguredAccount[]): Promise<void> {
    const listed = list.map((account) => ({ key: this.#parts.keyOf(account), id: account.id, account }));
    this.#listed = new Map(listed.map((one) => [one.key, one]));
    this.#list = list;
    await this.settle();
    await this.#applied;
  }

  /** Takes and gives up what has to change. Passes run one after the other; one that did not begin serves all who ask. */
  settle(): Promise<void> {
    this.#nextPass ??= this.#pass.then(async () => {
      this.#nextPass = undefined;
      this.#pass = this.#settle().catch((cause: unknown) => this.#parts.log.error({ err: cause }, "a pass failed"));
      await this.#pass;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
    return this.#nextPass;
  }

  /** Resolves when no account is left here. @throws the signal's reason. */
  async whenEmpty(signal: AbortSignal): Promise<void> {
    while (this.#holdings.size > 0) await abortable(this.#changed.promise, signal);
  }

  /** The accounts that nobody took while the session was lost are still this replica's. @throws StoreError */
  async holdAgain(standing: Standing): Promise<void> {
    const held = [...this.#holdings.values()].filter(({ lost }) => !lost.aborted);
    const mine = await holdAgain(standing, held);
    this.#parts.persistence.distrustStore();
    this.lose(held.filter(({ key }) => !mine.has(key)));
  }

  /** These accounts, or all, may not be used any more: what runs ends, and pages close. */
  lose(holdings: readonly Holding[] = [...this.#holdings.values()]): void {
    if (holdings.length === 0) return;
    for (const holding of holdings) holding.lose();
    this.#parts.turns.lose("another replica may have it", new Set(holdings.map(({ key }) => key)));
    this.#parts.log.warn({ accounts: holdings.length }, "accounts were lost");
    this.#unstored.begin();
    void this.settle();
  }

  async #settle(): Promise<void> {
    const { membership, log } = this.#parts;
    this.#leave();
    const { standing } = membership;
    if (standing) {
      await this.#change(standing).catch((cause: unknown) => {
        if (isOutOfMemory(cause)) {
          const hint = "PostgreSQL has no room for more locks: raise max_locks_per_transaction there";
          log.error({ reason: (cause as Error).message }, hint);
        } else membership.lose(standing, cause);
      });
    }
    this.#hand();
  }

  async #change(standing: Standing): Promise<void> {
    const gone = [...this.#holdings.values()].filter(({ isGone }) => isGone);
    await release(standing, gone);
    for (const holding of gone) {
      holding.lose();
      this.#holdings.delete(holding.key);
    }
    if (gone.length > 0) this.#parts.log.info({ accounts: gone.length }, "accounts given up");
    await this.#take(standing);
  }

  async #take(standing: Standing): Promise<void> {
    const { seats, replicaId, log } = this.#parts;
    const held = new Set([...this.#holdings.values()].flatMap(namesOf));
    const free = [...this.#listed.values()].filter((listed) => namesOf(listed).every((name) => !held.has(name)));
    const wanted = seats.wantedOf(free);
    if (wanted.length === 0) return;
    // Others may join while accounts are claimed, and get theirs at once then.
    const placed = new Set(wanted.filter(({ id }) => seats.isMine(id)));
    if (!(await this.#unstored.flush())) return;
    let count = 0;
    for (const some of batches(wanted, CLAIMS_AT_ONCE)) {
      const claimed = await claim(standing, replicaId, some);
      count += claimed.size;
      for (const listed of some) this.#hold(listed, claimed.get(listed.key), placed.has(listed));
    }
    if (count > 0) log.info({ accounts: count }, "accounts taken");
  }

  #hold(listed: ListedAccount, claimed: Claimed | undefined, isPlaced: boolean): void {
    if (!claimed) return;
    this.#holdings.set(listed.key, new Holding(listed, { ...claimed, isPlaced }, this.#parts));
  }

  /** Marks what is to leave; what stays is as it is listed now. */
  #leave(): void {
    for (const holding of this.#holdings.values()) {
      const listed = this.#listed.get(holding.key);
      if (listed?.id === holding.id) holding.account = listed.account;
      else holding.isLeaving = true;
      if (this.#parts.seats.mustLeave(holding)) holding.isLeaving = true;
    }
  }

  /** Gives the manager what it may use now. */
  #hand(): void {
    const { manager, log } = this.#parts;
    const nowMs = performance.now();
    const staying = [...this.#holdings.values()].filter(({ isLeaving }) => !isLeaving);
    const usable = staying.filter(({ fromMs }) => fromMs <= nowMs);
    const nextMs = Math.min(...staying.filter(({ fromMs }) => fromMs > nowMs).map(({ fromMs }) => fromMs));
    clearTimeout(this.#timer);
    if (nextMs < Infinity) this.#timer = setTimeout(() => void this.settle(), nextMs - nowMs).unref();
    const handed = [this.#list, ...usable.flatMap((holding) => [holding, holding.account])];
    if (isSame(handed, this.#handed)) return;
    this.#handed = handed;
    const placed = usable.map((hold) => hold.placed);
    this.#applied = manager.apply(placed, this.#list).catch((cause: unknown) => {
      log.error({ err: cause }, "accounts were not taken into use; this is tried again");
      this.#handed = [];
    });
    for (const holding of this.#holdings.values()) if (holding.isLeaving) this.#part(holding);
  }

  /** Once the manager has closed its page and stored its state, the account may go. */
  #part(holding: Holding): void {
    if (holding.isParting) return;
    holding.isParting = true;
    void this.#parts.manager.gone(holding.id).then(() => {
      holding.isGone = true;
      void this.settle();
    });
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
