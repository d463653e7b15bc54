import type { Turn } from "../browser/account-hold.ts";
import { DATABASE_NOW } from "../store/database-clock.ts";
import { PROOF_LASTS_MS } from "./fence.ts";
import type { Anchor } from "./anchor.ts";
import type { Beat, RunningTurn } from "./heartbeat.ts";
import type { Membership } from "./membership.ts";
import { ownershipLost } from "./ownership-lost.ts";
import { TurnWriter } from "./turn-writer.ts";

/** The account that a prompt is for, as it is held. */
export interface HeldAccount extends RunningTurn {
  /** Aborts when the account is lost. */
  readonly lost: AbortSignal;
}

/** What is known of a prompt for so long may still be asked for. No request takes longer. */
const KEEP_MS = 2 * 3_600_000;
const PRUNE_BEATS = 600;

/** Whoever comes first decides: a prompt that was asked about before it was announced is never sent. */
const WAS_SENT = `
  INSERT INTO turn AS known (id, replica, at) VALUES ($1, NULL, ${DATABASE_NOW})
  ON CONFLICT (id) DO UPDATE SET at = known.at RETURNING replica IS NOT NULL AS "isSent"`;
const PRUNE = `DELETE FROM turn WHERE at < ${DATABASE_NOW} - ${KEEP_MS}`;

/** The prompts of this replica's accounts. Each is announced in the database before it leaves. */
export class Turns {
  readonly #membership: Membership;
  readonly #replicaId: string;
  readonly #running = new Set<AnnouncedTurn>();
  readonly #writers = new WeakMap<Anchor, TurnWriter>();
  #beats = 0;

  constructor(membership: Membership, replicaId: string) {
    this.#membership = membership;
    this.#replicaId = replicaId;
  }

  get running(): readonly RunningTurn[] {
    return [...this.#running];
  }

  /** @throws GatewayError `ownership_lost`: nothing may be sent; the signal's reason. */
  async begin(account: HeldAccount, turnId: string, signal: AbortSignal): Promise<Turn> {
    const { anchor } = await this.#membership.whenStanding(signal);
    const { key, epoch, lost } = account;
    const writer = this.#writerOf(anchor);
    const end = (): void => {
      this.#running.delete(turn);
      writer.end({ key, epoch, turnId });
    };
    const turn = new AnnouncedTurn(account, performance.now() + PROOF_LASTS_MS, end);
    const isMine = await writer.begin({ key, epoch, turnId }).catch((cause: unknown) => {
      end();
      throw ownershipLost("the database did not answer", cause);
    });
    if (isMine && !signal.aborted && !lost.aborted) {
      this.#running.add(turn);
      return turn;
    }
    end();
    signal.throwIfAborted();
    throw ownershipLost("another replica has it");
  }

  /** Writes the ends that wait for company. Never rejects. */
  async flush(): Promise<void> {
    const { standing } = this.#membership;
    if (standing) await this.#writerOf(standing.anchor).flush();
  }

  /** A heartbeat extended some of the prompts that it was asked to. The others' accounts were lost. */
  beaten(
    { extended }: Beat,
    { askedMs, turns }: { readonly askedMs: number; readonly turns: readonly RunningTurn[] },
  ): void {
    const keys = new Set(extended);
    for (const turn of this.#running) {
      if (!turns.includes(turn)) continue;
      if (keys.has(turn.key)) turn.extend(askedMs + PROOF_LASTS_MS);
      else turn.lose("another replica has it");
    }
    this.#beats += 1;
    if (this.#beats % PRUNE_BEATS !== 1) return;
    this.#membership.standing?.anchor.query(PRUNE).catch(() => {});
  }

  /** Ends the prompts of these accounts, or all. */
  lose(why: string, keys?: ReadonlySet<string>): void {
    for (const turn of this.#running) if (keys?.has(turn.key) ?? true) turn.lose(why);
  }

  /**
   * Whether a prompt was announced, so that a site may have it. After `false` no replica sends it any more. Never rejects:
   * what the database does not tell may have been sent.
   */
  async wasSent(turnId: string): Promise<boolean> {
    const rows = await this.#membership.standing?.anchor
      .query<{ isSent: boolean }>(WAS_SENT, [turnId])
      .catch(() => undefined);
    return rows?.[0]?.isSent ?? true;
  }

  #writerOf(anchor: Anchor): TurnWriter {
    const writer = this.#writers.get(anchor) ?? new TurnWriter(anchor, this.#replicaId);
    this.#writers.set(anchor, writer);
    return writer;
  }
}

class AnnouncedTurn implements Turn, RunningTurn {
  readonly key: string;
  readonly epoch: number;
  readonly end: () => void;
  readonly #lost = new AbortController();
  readonly #watchers = new Set<() => void>();
  #untilMs: number;

  constructor({ key, epoch }: RunningTurn, untilMs: number, end: () => void) {
    this.key = key;
    this.epoch = epoch;
    this.#untilMs = untilMs;
    this.end = end;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  get untilMs(): number {
    return this.#untilMs;
  }

  watch(onExtended: () => void): Disposable {
    this.#watchers.add(onExtended);
    return { [Symbol.dispose]: () => void this.#watchers.delete(onExtended) };
  }

  extend(untilMs: number): void {
    if (untilMs <= this.#untilMs) return;
    this.#untilMs = untilMs;
    for (const onExtended of this.#watchers) onExtended();
  }

  lose(why: string): void {
    this.#lost.abort(ownershipLost(why));
  }
}
