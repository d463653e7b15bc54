import { GatewayError } from "../errors.ts";
import type { PageFetch } from "../sites/site.ts";
import type { Account } from "./account.ts";

/** After so long a request has arrived, whether it is answered or not. */
const ARRIVAL_LIMIT_MS = 1_000;
/**
 * A token that came with an answer's head is kept after so long, however long the answer's text takes: a browser that dies
 * takes along what nobody else knows. At once, it would make the first token 7 % later.
 */
const KEEP_TOKEN_AFTER_MS = 50;

/** One request's exclusive use of an account's session. */
export class Lease implements Disposable {
  readonly account: Account;
  readonly #settle: (error: GatewayError | undefined) => Promise<void>;
  readonly #settled = Promise.withResolvers<void>();
  readonly #overdue: NodeJS.Timeout;
  #keeping: NodeJS.Timeout | undefined;
  #blamed: GatewayError | undefined;
  #isOver = false;
  readonly #startedMs = performance.now();
  /** How long after the lease began the site had the prompt, in milliseconds; undefined until it has. */
  sentAfterMs: number | undefined;
  /** The browser had its time for a challenge and did not solve it. */
  isUnsolved = false;

  constructor(account: Account, limitMs: number, settle: (error: GatewayError | undefined) => Promise<void>) {
    this.account = account;
    this.#settle = settle;
    // The backstop for a holder whose answer stands still; its session is rebuilt under it.
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

  /** Resolves when the session is the pool's again. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  readonly fetch: PageFetch = async (request, signal) => {
    if (this.#isOver) throw new GatewayError("session_lost", "The session was taken back.");
    const { permit, session } = this.account;
    this.account.permit = undefined;
    // A repetition under this lease is the same send: what came before it was no answer.
    // The site counts what arrives, and the answer's head proves that; a site that thinks long is not waited for.
    const spend = (): void => {
      permit?.spend();
      this.sentAfterMs ??= performance.now() - this.#startedMs;
    };
    const late = setTimeout(spend, ARRIVAL_LIMIT_MS);
    try {
      const response = await session.fetch(request, signal);
      // What is wrong with the session shows when it is given back.
      const keep = (): void => void session.keepCookies().catch(() => {});
      this.#keeping ??= setTimeout(keep, KEEP_TOKEN_AFTER_MS).unref();
      return response;
    } finally {
      clearTimeout(late);
      spend();
    }
  };

  /**
   * Goes back to the site and lets the browser solve what it asks, so that the request can be repeated here. The challenge
   * came before the site saw the request, so the repetition is the same send.
   * @throws GatewayError `site_challenged` when it is not solved in time, and what else keeps the page from opening.
   */
  async solve(signal: AbortSignal): Promise<void> {
    const { account } = this;
    account.enter("challenged", "solving what the site asks");
    try {
      await account.session.closePage();
      await account.session.open(signal);
    } catch (cause) {
      const error = GatewayError.from(cause);
      this.isUnsolved = error.code === "site_challenged";
      throw error;
    }
    account.enter("busy", "answering");
  }

  /** The answer goes on: the holder is not stuck. */
  progressed(): void {
    this.#overdue.refresh();
  }

  /** What really failed, which the site cannot know: `Session.explain`. */
  explain(error: GatewayError): Promise<GatewayError> {
    return this.account.session.explain(error);
  }

  /** Tells what failed under this lease; the error table decides what becomes of the session. */
  blame(error: GatewayError): void {
    this.#blamed ??= error;
  }

  /** Gives the session back; the caller need not wait until the pool has it in order again. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#overdue);
    clearTimeout(this.#keeping);
    void this.#settle(this.#blamed).finally(this.#settled.resolve);
  }
}
