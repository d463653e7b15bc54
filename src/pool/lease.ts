import { randomUUID } from "node:crypto";
import { evidenceOf, type PageEvidence } from "../browser/page-evidence.ts";
import type { OpeningOptions } from "../browser/page-opener.ts";
import { GatewayError } from "../errors.ts";
import type { PageFetch } from "../sites/site.ts";
import type { AccountHold, Turn } from "../browser/account-hold.ts";
import type { Account } from "./account.ts";

/** After this time a request has reached the site, whether it is answered or not. */
const ARRIVAL_LIMIT_MS = 1_000;
/**
 * A token that came with an answer's head is read after this time, however long the answer takes: if the browser dies,
 * nobody else knows the token. Reading it at once would make the first token 7 % later.
 */
const KEEP_TOKEN_AFTER_MS = 50;

/** One request's exclusive use of an account's session. */
export class Lease implements Disposable {
  readonly account: Account;
  /** Names what is sent under this lease, however often it is repeated. */
  readonly turnId = randomUUID();
  /** How long the account's rate limit made the request wait, in milliseconds. */
  readonly pacedMs: number;
  readonly #settle: (error: GatewayError | undefined) => Promise<void>;
  readonly #settled = Promise.withResolvers<void>();
  readonly #overdue: NodeJS.Timeout;
  #keeping: NodeJS.Timeout | undefined;
  #failure: GatewayError | undefined;
  #isOver = false;
  readonly #startedMs = performance.now();
  #sentAfterMs: number | undefined;
  #isUnsolved = false;
  #wasUsed = false;
  #held: Promise<unknown> | undefined;
  #evidence: Promise<PageEvidence> | undefined;
  #turn: Turn | undefined;

  /** `settle` never rejects. */
  constructor(
    account: Account,
    { pacedMs, limitMs }: { readonly pacedMs: number; readonly limitMs: number },
    settle: (error: GatewayError | undefined) => Promise<void>,
  ) {
    this.account = account;
    this.pacedMs = pacedMs;
    this.#settle = settle;
    // The last resort for an answer that stands still; its session is rebuilt.
    this.#overdue = setTimeout(() => {
      this.blame(new GatewayError("site_timeout", "The request held its session for too long without progress."));
      this[Symbol.dispose]();
    }, limitMs);
  }

  get accountId(): string {
    return this.account.id;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** How long after the lease began the site had the prompt, in milliseconds; undefined until it has. */
  get sentAfterMs(): number | undefined {
    return this.#sentAfterMs;
  }

  /** The browser had its time for a challenge and did not solve it. */
  get isUnsolved(): boolean {
    return this.#isUnsolved;
  }

  /** Whether the session did anything. An account may be given to a request that another replica has just served. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** Resolves when the pool has the session back. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  readonly fetch: PageFetch = async (request, signal) => {
    this.#assertHeld();
    this.#wasUsed = true;
    const { session } = this.account;
    const { hold } = session.options;
    const turn = hold && (await this.#announce(hold, signal));
    const permit = this.account.permit.use();
    // A repetition under this lease is the same send, since what came before it was no answer.
    // The site counts what arrives, and the answer's head proves the arrival; a site that thinks long is not waited for.
    const spend = (): void => {
      permit?.spend();
      this.#sentAfterMs ??= performance.now() - this.#startedMs;
    };
    const late = setTimeout(spend, ARRIVAL_LIMIT_MS);
    try {
      const response = turn
        ? await session.fetch(request, AbortSignal.any([signal, turn.signal]), turn)
        : await session.fetch(request, signal);
      // If the session is broken, that shows when it is given back.
      const keep = (): void => void session.keepCookies().catch(() => {});
      this.#keeping ??= setTimeout(keep, KEEP_TOKEN_AFTER_MS).unref();
      return response;
    } finally {
      clearTimeout(late);
      spend();
    }
  };

  /**
   * Goes back to the site and lets the browser solve the challenge, so that the request can be repeated here. The
   * challenge came before the site saw the request, so the repetition is the same send.
   * `isWitnessed`: a page on which it is not solved is looked at before it closes.
   * @throws GatewayError `site_challenged` when it is not solved in time; whatever else keeps the page from opening.
   */
  async solve(signal: AbortSignal, { isWitnessed = false } = {}): Promise<void> {
    this.#assertHeld();
    const { account } = this;
    account.startSolving();
    try {
      await account.session.closePage();
      await account.session.open(signal, isWitnessed ? { onFailed: (page) => this.#look(page) } : {});
    } catch (cause) {
      const error = GatewayError.from(cause);
      this.#isUnsolved = error.code === "site_challenged";
      throw error;
    }
    this.#assertHeld();
    account.solved();
  }

  /** The answer goes on, so the request is not stuck. */
  progressed(): void {
    this.#overdue.refresh();
  }

  /** What really failed, which the site cannot know: `Session.explain`. */
  explain(error: GatewayError): Promise<GatewayError> {
    return this.account.session.explain(error);
  }

  /** What the session's page shows; if the challenge was not solved, what the page of the challenge showed. Never rejects. */
  evidence(): Promise<PageEvidence | undefined> {
    return this.#evidence ?? this.account.session.evidence();
  }

  /** The session is given back only after this work, which must end in time and never reject. */
  holdFor(work: Promise<unknown>): void {
    this.#held = work;
  }

  /** Reports what failed under this lease. The error table decides what becomes of the session. */
  blame(error: GatewayError): void {
    this.#failure ??= error;
  }

  /** Gives the session back. The caller need not wait until the pool has repaired it. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#overdue);
    clearTimeout(this.#keeping);
    const settle = (): Promise<void> => this.#settle(this.#failure);
    void (this.#held ? this.#held.then(settle) : settle()).then(() => {
      this.#turn?.end();
      this.#settled.resolve();
    });
  }

  /** Announces the prompt, once: a repetition under this lease is the same one. @throws GatewayError `ownership_lost` */
  async #announce(hold: AccountHold, signal: AbortSignal): Promise<Turn> {
    this.#turn?.signal.throwIfAborted();
    this.#turn ??= await hold.begin(this.turnId, signal);
    // The lease may have ended meanwhile, and then it is not there to end the turn.
    if (this.#isOver) this.#turn.end();
    this.#assertHeld();
    return this.#turn;
  }

  /** The first page that did not open; it is about to close. */
  async #look(page: Parameters<OpeningOptions["onFailed"]>[0]): Promise<void> {
    this.#evidence ??= evidenceOf(page);
    await this.#evidence;
  }

  /** @throws GatewayError `session_lost` when the lease has ended. */
  #assertHeld(): void {
    if (this.#isOver) throw new GatewayError("session_lost", "The session was taken back.");
  }
}
