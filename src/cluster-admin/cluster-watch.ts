import { setTimeout as delay } from "node:timers/promises";
import type { ShownAccount } from "../admin/account-schemas.ts";
import type { Looks, Watch } from "../admin/looks.ts";
import type { FinishedRequest, StreamSources } from "../admin/stream-sources.ts";
import { Listeners } from "../observe/listeners.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { LatestEvents } from "../records/latest-events.ts";
import type { NewEvent } from "../store/event-records.ts";
import type { ShownEvent } from "../admin/overview.ts";
import type { ReplicaLook } from "./asks.ts";
import type { KnownLook } from "./known-looks.ts";
import { mergedAccounts } from "./merged-accounts.ts";
import { mergedChanges, mergedNow, mergedOverview, sameness, type OverviewParts } from "./merged-overview.ts";
import { ReplicaImage } from "./replica-image.ts";
import type { OtherReplica, Replicas, StreamMessage } from "./replicas.ts";
import { LOOK_LIMIT_MS } from "./round.ts";

export interface ClusterWatchParts {
  readonly replicas: Replicas;
  readonly local: Pick<Looks, "watch">;
  readonly ownWatch: Watch;
  readonly listed: () => readonly ShownAccount[];
  readonly expiresSoonMs: number;
}

interface Followed {
  readonly image: ReplicaImage;
  readonly closed: AbortController;
  /** Resolves with its first message, or when there is none. */
  readonly begun: Promise<void>;
  isOpen: boolean;
  /** When it was last known to answer, in Unix milliseconds. */
  knownAt: number;
}

/** How often replicas that came are followed, and those that went are let go. */
const TEND_EVERY_MS = 1_000;

/** Follows the streams of the other replicas as long as there is a reader, and tells their changes and our own as one. */
export class ClusterWatch {
  readonly #parts: ClusterWatchParts;
  readonly #followed = new Map<string, Followed>();
  readonly #ending = new DisposableStack();
  readonly #moments = new Listeners<void>();
  readonly #requests = new Listeners<FinishedRequest>();
  readonly #changes = new LatestEvents();
  #told: ReadonlySet<string> = new Set();
  readonly #begun: Promise<void>;
  #readers = 0;

  constructor(parts: ClusterWatchParts) {
    this.#parts = parts;
    const { sources } = this.#ending.use(parts.ownWatch);
    this.#ending.use(sources.events.subscribe(() => this.#moments.emit()));
    this.#ending.use(sources.requests.subscribe((request) => this.#requests.emit(request)));
    this.#ending.use(sources.changes.subscribe(() => this.#takeChanges()));
    const tending = setInterval(() => this.#tend(), TEND_EVERY_MS);
    this.#ending.defer(() => clearInterval(tending));
    this.#ending.defer(() => this.#followed.forEach(({ closed }) => closed.abort()));
    this.#tend();
    const first = [...this.#followed.values()].map(({ begun }) => begun);
    this.#begun = withTimeout(
      Promise.all(first).then(() => undefined),
      LOOK_LIMIT_MS,
      () => undefined,
    ).then(() => this.#takeChanges());
  }

  /** The last reader has left. */
  get isOver(): boolean {
    return this.#ending.disposed;
  }

  /** Resolves when the replicas that answer have told how they are. */
  async reader(): Promise<Watch> {
    this.#readers += 1;
    await this.#begun;
    let isOpen = true;
    const leave = (): void => {
      if (isOpen) this.#readers -= 1;
      isOpen = false;
      if (this.#readers === 0) this.#ending.dispose();
    };
    return { sources: this.#sources(), [Symbol.dispose]: leave };
  }

  #sources(): StreamSources {
    const { replicas, listed, expiresSoonMs } = this.#parts;
    const accounts = (): ShownAccount[] =>
      mergedAccounts({
        ownId: replicas.own.id,
        own: this.#own().accounts,
        others: this.#others(),
        listed: listed(),
        ownerOf: (id) => replicas.ownerOf(id),
      });
    const parts = (): OverviewParts => {
      return { own: this.#own(), others: this.#others(), accounts: accounts(), expiresSoonMs };
    };
    return {
      accounts,
      overview: () => mergedOverview(parts()),
      now: () => mergedNow(parts()),
      changes: this.#changes,
      events: this.#moments,
      requests: this.#requests,
    };
  }

  #own(): ReplicaLook {
    const { replicas, ownWatch } = this.#parts;
    const { sources } = ownWatch;
    return { replica: replicas.own, overview: sources.overview(), accounts: sources.accounts() };
  }

  #others(): KnownLook[] {
    return this.#parts.replicas.others.map((replica) => {
      const followed = this.#followed.get(replica.id);
      const isAnswering = followed !== undefined && isHeard(replica, followed);
      const lastKnownAt = isAnswering ? null : (followed?.knownAt ?? null);
      return { replica, look: followed?.image.look, lastKnownAt };
    });
  }

  #tend(): void {
    const { others } = this.#parts.replicas;
    const present = new Map(others.map((replica) => [replica.id, replica]));
    for (const [id, { closed }] of this.#followed) {
      if (present.has(id)) continue;
      closed.abort();
      this.#followed.delete(id);
    }
    for (const replica of others) {
      const followed = this.#followed.get(replica.id);
      if (!followed && replica.isAnswering) this.#followed.set(replica.id, this.#follow(replica));
      else if (followed && isHeard(replica, followed)) followed.knownAt = Date.now();
    }
    this.#moments.emit();
  }

  #follow(replica: OtherReplica): Followed {
    const begun = Promise.withResolvers<void>();
    const closed = new AbortController();
    const image = new ReplicaImage(replica.id);
    const followed: Followed = { image, closed, begun: begun.promise, isOpen: false, knownAt: Date.now() };
    void this.#read(followed, replica, begun.resolve);
    return followed;
  }

  /** Follows it again when the connection breaks. */
  async #read(followed: Followed, { id, version }: OtherReplica, onBegun: () => void): Promise<void> {
    const { image, closed } = followed;
    while (!closed.signal.aborted) {
      try {
        for await (const message of this.#parts.replicas.follow(id, closed.signal)) {
          followed.isOpen = true;
          this.#take(
            message,
            image.take(message, () => version),
          );
          onBegun();
        }
      } catch {
        // It does not answer, and may later.
      }
      followed.isOpen = false;
      onBegun();
      await delay(TEND_EVERY_MS, undefined, { signal: closed.signal, ref: false }).catch(() => {});
    }
  }

  #take({ event }: StreamMessage, requests: readonly FinishedRequest[]): void {
    for (const request of requests) this.#requests.emit(request);
    if (event === "event") this.#takeChanges();
    this.#moments.emit();
  }

  /** Each event once, whichever replica tells it. */
  #takeChanges(): void {
    const known = this.#allChanges();
    const isNew = (event: ShownEvent): boolean => !this.#told.has(sameness(event));
    const news = known.filter(isNew).toReversed();
    this.#told = new Set(known.map(sameness));
    for (const { id: _id, ...event } of news) this.#changes.add(event as NewEvent);
  }

  #allChanges(): readonly ShownEvent[] {
    const looks = this.#others().flatMap(({ look, lastKnownAt }) => (look && lastKnownAt === null ? [look] : []));
    return mergedChanges([this.#own(), ...looks]);
  }
}

function isHeard({ isAnswering }: OtherReplica, { isOpen }: Followed): boolean {
  return isAnswering && isOpen;
}
