import { GatewayError } from "../errors.ts";
import type { LocalPlaces } from "../places/local-places.ts";
import type { Place } from "../places/place.ts";
import type { LeaseRequest } from "../pool/admission.ts";
import type { Candidate } from "../pool/distant-account.ts";
import type { PoolShare } from "../pool/pool-share.ts";
import { ServedElsewhere } from "../pool/request-queue.ts";
import type { PeerLink } from "./peer-link.ts";
import type { WishLine } from "./protocol.ts";
import { RemotePlace, type RemotePlaceParts } from "./remote-place.ts";
import { Want } from "./want.ts";

export interface SearchParts extends RemotePlaceParts {
  readonly local: Pick<LocalPlaces, "acquire">;
  readonly share: PoolShare;
  readonly links: { readonly answering: readonly PeerLink[] };
  /** The longest line of an answer. */
  readonly lineBytes: number;
}

/** How long the request has waited, and how much longer it may. */
type SearchTimes = () => Pick<WishLine, "waitedMs" | "limitMs">;

/** A ready account of this replica is given within this time, or its page is gone. */
const PATIENCE_MS = 50;
/** A peer that has a ready account gives it within this time, or another request was first. */
const PEER_PATIENCE_MS = 50;
const ROUND_MS = 1_000;
/** After so many rounds, the page that was to be woken for the request does not open. */
const WAKING_ROUNDS = 5;

/** One request's wait in the queues of all replicas: the first account that any of them gives is its place. */
export class Search {
  readonly #wish: LeaseRequest;
  readonly #line: Omit<WishLine, "waitedMs" | "limitMs">;
  readonly #times: SearchTimes;
  readonly #parts: SearchParts;
  readonly #found = Promise.withResolvers<Place>();
  readonly #elsewhere = new AbortController();
  readonly #wants = new Map<PeerLink, Want>();
  readonly #timers: NodeJS.Timeout[] = [];
  #mayWakeHere = false;
  #isOver = false;
  #rounds = 0;

  constructor(wish: LeaseRequest, times: SearchTimes, parts: SearchParts) {
    const { caller, site, except } = wish;
    const { keyId, isBackground, requestId } = caller;
    this.#wish = wish;
    this.#line = { keyId, isBackground, requestId, site, except: [...except], mayWake: false };
    this.#times = times;
    this.#parts = parts;
  }

  /** @throws GatewayError as this replica's own pool refuses the request; the signal's reason. */
  async place(signal: AbortSignal): Promise<Place> {
    const { local, share } = this.#parts;
    const isReadyHere = share.hasReadyFor(this.#wish);
    const wish = { ...this.#wish, mayWake: () => this.#mayWakeHere };
    local.acquire(wish, AbortSignal.any([signal, this.#elsewhere.signal])).then(
      (place) => this.#take(place),
      (cause: unknown) => this.#fail(GatewayError.from(cause)),
    );
    // The pool has refused it by then, if it does.
    if (isReadyHere) this.#after(PATIENCE_MS, () => this.#askOne());
    else setImmediate(() => this.#askOne());
    this.#timers.push(setInterval(() => this.#askAll(), ROUND_MS));
    return this.#found.promise;
  }

  /** Asks the peer that is most likely to have an account ready; after a while, or if there is none, all of them. */
  #askOne(): void {
    const counted = this.#parts.links.answering.map((link) => ({ link, ready: link.countReady(this.#accepts) }));
    const [best] = counted.filter(({ ready }) => ready > 0).toSorted((one, other) => other.ready - one.ready);
    if (this.#isOver || !best) return this.#askAll();
    best.link.take();
    this.#want(best.link);
    this.#after(PEER_PATIENCE_MS, () => this.#askAll());
  }

  /** Waits at every peer, also at those that came meanwhile. */
  #askAll(): void {
    if (this.#isOver) return;
    for (const link of this.#parts.links.answering) if (!this.#wants.has(link)) this.#want(link);
    this.#chooseWaker();
    this.#rounds += 1;
  }

  #want(link: PeerLink): void {
    const want = new Want(link, { ...this.#line, ...this.#times() }, this.#parts.lineBytes);
    this.#wants.set(link, want);
    void want.granted.then((grant) => {
      if (grant) this.#take(new RemotePlace(want, grant, this.#parts), want);
      else if (this.#wants.get(link) === want) this.#wants.delete(link);
    });
  }

  /** One page is woken for one request, and none while enough accounts are ready for all that wait. */
  #chooseWaker(): void {
    const { links, share } = this.#parts;
    const ready = links.answering.reduce((sum, link) => sum + Math.max(0, link.countReady(this.#accepts)), 0);
    if (this.#rounds === 0 && share.waiting <= ready) return;
    const counted = links.answering.map((link) => ({ link, asleep: link.countAsleep(this.#accepts) }));
    const [most] = counted.toSorted((one, other) => other.asleep - one.asleep);
    const isHere = share.hasAsleep(this.#accepts) || (most?.asleep ?? 0) === 0;
    const isEverywhere = this.#rounds >= WAKING_ROUNDS;
    if (isHere || isEverywhere) this.#wakeHere();
    if (isEverywhere) for (const want of this.#wants.values()) want.wake();
    else if (!isHere && most) this.#wants.get(most.link)?.wake();
  }

  #wakeHere(): void {
    if (this.#mayWakeHere) return;
    this.#mayWakeHere = true;
    this.#parts.share.wakingAllowed();
  }

  readonly #accepts = ({ id, site }: Candidate): boolean => site === this.#wish.site && !this.#wish.except.has(id);

  /** The first place is the request's; one that comes later is given back untouched. */
  #take(place: Place, want?: Want): void {
    if (this.#isOver) return place[Symbol.dispose]();
    this.#end(want);
    // The wait here ends as one that another queue has served, unless it was served here.
    this.#elsewhere.abort(new ServedElsewhere());
    this.#found.resolve(place);
  }

  #fail(cause: GatewayError): void {
    if (this.#isOver) return;
    this.#end(undefined, cause);
    this.#found.reject(cause);
  }

  #end(kept: Want | undefined, because?: GatewayError): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const want of this.#wants.values()) if (want !== kept) want.leave(because);
  }

  #after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms));
  }
}
