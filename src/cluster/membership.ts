import type { Log } from "../observe/log.ts";
import { abortable } from "../process/abortable.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { DatabaseClock, type StoreClock } from "../store/database-clock.ts";
import { AddressWatch } from "./address-watch.ts";
import type { Anchor, AnchorOptions } from "./anchor.ts";
import { Fence, PROOF_LASTS_MS } from "./fence.ts";
import { beat, terminate, type Beat, type ReplicaState, type RunningTurn } from "./heartbeat.ts";
import { ownershipLost } from "./ownership-lost.ts";
import { Peers } from "./peers.ts";
import { pooled } from "./pooler-check.ts";
import { askedAgain, firstStanding, lookAfter, openStanding, type Standing } from "./standing.ts";

/** Who acts on what the heartbeats find. */
export interface MembershipListener {
  readonly running: () => readonly RunningTurn[];
  /** A heartbeat was answered. `askedMs`: when it was asked for, on the monotonic clock. */
  readonly onBeat: (beat: Beat, asked: { readonly askedMs: number; readonly turns: readonly RunningTurn[] }) => void;
  /** A new session takes the place of a lost one: it holds nothing yet. */
  readonly onRejoin: (standing: Standing) => Promise<void>;
  /** Without a proof for too long: whatever runs must end. */
  readonly onCutOff: () => void;
}

export interface MembershipParts {
  readonly database: AnchorOptions;
  readonly clock: StoreClock;
  readonly log: Log;
}

const BEAT_EVERY_MS = 1_000;
/** What lost a replica its session may have lost the others theirs: they have so long to come back, too. */
const LENIENT_MS = 3_000;
/** How long the server may take to end the session that this replica had before. */
const END_LIMIT_MS = 1_000;

/** A replica's place among the others: its session in the database, its heartbeats, and whether it may use its accounts. */
export class Membership implements AsyncDisposable {
  readonly peers: Peers;
  /** How often it could not use its accounts, by cause. */
  readonly fences = new Map<"session_lost" | "cut_off", number>();
  readonly #parts: MembershipParts;
  readonly #state: () => ReplicaState;
  readonly #fence = new Fence(() => this.#cutOff());
  #isStopping = false;
  #rejoinedMs = Number.NEGATIVE_INFINITY;
  #listener: MembershipListener | undefined;
  #standing: Standing | undefined;
  /** The session of a lost connection, which the server may still keep. */
  #former: Anchor["backend"] | undefined;
  #proven = Promise.withResolvers<void>();
  #hurry = Promise.withResolvers<void>();
  #beating: Promise<void> = Promise.resolve();
  #address: AddressWatch | undefined;

  private constructor(first: Standing, state: () => ReplicaState, parts: MembershipParts) {
    this.#parts = parts;
    this.#state = state;
    this.peers = new Peers(state().id);
    this.#stand(first);
  }

  /** Connects. Nobody knows of the replica yet. @throws StoreError */
  static async open(state: () => ReplicaState, parts: MembershipParts): Promise<Membership> {
    return new Membership(await firstStanding(parts.database, parts.log), state, parts);
  }

  /** The address of this machine by which it reaches the database. */
  get localAddress(): string {
    return this.#standing?.anchor.localAddress ?? "127.0.0.1";
  }

  /** Whether nothing new may be begun with the accounts. */
  get isFenced(): boolean {
    return this.#standing === undefined || this.#fence.isUp;
  }

  /** Until when the accounts may be used, on the monotonic clock. */
  get untilMs(): number {
    return this.#fence.untilMs;
  }

  get heartbeatAgeMs(): number {
    return this.#fence.ageMs;
  }

  /** The session; undefined while the replica is fenced. */
  get standing(): Standing | undefined {
    return this.isFenced ? undefined : this.#standing;
  }

  /** Tells the others of the replica, and goes on telling until it is disposed. @throws StoreError */
  async join(listener: MembershipListener): Promise<void> {
    this.#listener = listener;
    await askedAgain(() => this.#beat(), this.#parts.log);
    this.#beating = this.#beatOn();
    this.#address = new AddressWatch(this.#parts.database, () => this.#standing, this.lose.bind(this));
  }

  /** Tells the others at once what has changed. Resolves when they can know, or the database does not answer. */
  async tell(): Promise<void> {
    this.#hurry.resolve();
    await withTimeout(this.#proven.promise, BEAT_EVERY_MS, () => undefined);
  }

  /** Waits for a session that may be used, as long as what runs may go on. @throws GatewayError; the signal's reason. */
  async whenStanding(signal: AbortSignal): Promise<Standing> {
    const endMs = performance.now() + PROOF_LASTS_MS;
    for (;;) {
      const { standing } = this;
      if (standing) return standing;
      const leftMs = endMs - performance.now();
      if (leftMs <= 0 || this.#isStopping) throw ownershipLost("the database does not answer");
      await withTimeout(abortable(this.#proven.promise, signal), leftMs, () => undefined);
    }
  }

  /** The session cannot be trusted any more, so it ends: another one takes its place. */
  lose(standing: Standing, cause: unknown): void {
    if (this.#standing !== standing) return;
    this.#standing = undefined;
    this.#former = standing.anchor.backend;
    void standing.anchor[Symbol.asyncDispose]();
    this.#count("session_lost");
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#parts.log.error(
      { reason },
      "the session in the database was lost: no prompt is sent until there is a new one",
    );
    this.#hurry.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#hurry.resolve();
    await this.#address?.[Symbol.asyncDispose]();
    await this.#beating;
    this.#proven.resolve();
    this.#fence[Symbol.dispose]();
    const standing = this.#standing;
    this.#standing = undefined;
    if (!standing) return;
    await standing.anchor.query("DELETE FROM replica WHERE id = $1", [this.#state().id]).catch(() => {});
    await standing.anchor[Symbol.asyncDispose]();
  }

  async #beatOn(): Promise<void> {
    for (;;) {
      await withTimeout(this.#hurry.promise, BEAT_EVERY_MS, () => undefined);
      if (this.#isStopping) return;
      this.#hurry = Promise.withResolvers();
      await this.#beat().catch(() => {});
    }
  }

  async #beat(): Promise<void> {
    const known = this.#standing;
    const standing = known ?? (await this.#rejoin());
    const turns = this.#listener?.running() ?? [];
    const askedMs = performance.now();
    try {
      const answer = await beat(standing.anchor, this.#state(), turns);
      const isSame = answer.pid === standing.anchor.backend.pid && answer.locks === standing.locks.count;
      if (!isSame) throw pooled(this.#parts.database.place);
      // It was lost while it answered.
      if (this.#standing !== known) return;
      this.#stand(standing);
      if (!this.#fence.proven(askedMs)) {
        this.#hurry.resolve();
        return;
      }
      const { clock } = this.#parts;
      if (clock instanceof DatabaseClock) clock.measure(answer.now, askedMs, performance.now());
      const isLenient = askedMs - this.#rejoinedMs < LENIENT_MS;
      this.peers.update(answer.replicas, { nowAt: answer.now, isLenient });
      this.#proven.resolve();
      this.#proven = Promise.withResolvers();
      this.#listener?.onBeat(answer, { askedMs, turns });
      await lookAfter(this.peers, standing, this.#parts.log);
    } catch (cause) {
      if (!known) this.#stand(standing);
      this.lose(standing, cause);
      throw cause;
    }
  }

  #stand(standing: Standing): void {
    const { lost } = standing.anchor;
    if (this.#standing === standing) return;
    this.#standing = standing;
    lost.addEventListener("abort", () => this.lose(standing, lost.reason), { once: true });
  }

  async #rejoin(): Promise<Standing> {
    const standing = await openStanding(this.#parts.database);
    const { anchor } = standing;
    try {
      // The server may not know yet that the old connection is gone, and keep its locks.
      if (this.#former) await terminate(anchor, this.#former, END_LIMIT_MS);
      await this.#listener?.onRejoin(standing);
      this.#former = undefined;
      this.#rejoinedMs = performance.now();
      this.#parts.log.info("there is a new session in the database");
      return standing;
    } catch (cause) {
      await anchor[Symbol.asyncDispose]();
      throw cause;
    }
  }

  #cutOff(): void {
    this.#count("cut_off");
    this.#parts.log.error("the database proves no more that the accounts are this replica's: running answers end");
    this.#listener?.onCutOff();
  }

  #count(cause: "session_lost" | "cut_off"): void {
    this.fences.set(cause, (this.fences.get(cause) ?? 0) + 1);
  }
}
