import { randomUUID } from "node:crypto";
import type { CDPSession, Page } from "playwright";
import { GatewayError } from "../errors.ts";
import { abortable } from "../process/abortable.ts";
import type { PageResponse } from "../sites/site.ts";
import type { PageOrder } from "./in-page.ts";
import { IsolatedWorld } from "./isolated-world.ts";
import { failureOf, hasCause, isElsewhere } from "./page-failure.ts";
import { PageConsole } from "./page-console.ts";
import { PageHealth } from "./page-health.ts";
import { RequestFailures } from "./request-failures.ts";
import { CREDIT_BYTES, Transfer } from "./transfer.ts";
import { browserCall, PAGE_CALL_LIMIT_MS } from "./browser-call.ts";
import type { PageFetchParameters, Validity } from "./account-hold.ts";

/** A page ends its requests in milliseconds. */
const END_LIMIT_MS = 500;
/** How long cancelled requests may take to leave the page. */
const QUIET_LIMIT_MS = 2_000;
/**
 * The limit for the site's databases and caches, which a private context keeps in memory. Chromium's own limit is a
 * fifteenth of the machine's memory. No switch sets it, and frames of other sites cannot be limited.
 */
const MAX_STORED_BYTES = 64 * 1024 * 1024;
/** As JSON, each character may take six bytes, so the message stays within MAX_MESSAGE_BYTES. */
const MESSAGE_CHARACTERS = 256 * 1024;
/** Each message begins with the request's nonce, a UUID. */
const NONCE_CHARACTERS = 36;

export interface PageFetcherOptions {
  /** Requests go to this origin only, and only while the page's document is of this origin. */
  readonly origin: URL;
  readonly maxReplyBytes: number;
}

/** `fetch` inside one page. */
export class PageFetcher {
  readonly health: PageHealth;
  readonly console: PageConsole;
  readonly #world: IsolatedWorld;
  readonly #origin: URL;
  readonly #maxReplyBytes: number;
  readonly #failures: RequestFailures;
  readonly #transfers = new Map<string, Transfer>();
  #lost: GatewayError | undefined;
  /** How many requests were sent in it. */
  requests = 0;
  /** On the monotonic clock, in milliseconds. */
  readonly openedMs = performance.now();

  private constructor(cdp: CDPSession, page: Page, { origin, maxReplyBytes }: PageFetcherOptions) {
    this.health = new PageHealth(cdp);
    this.console = new PageConsole(cdp);
    const onGone = (): void =>
      this.#failAll(new GatewayError("session_lost", "The page went elsewhere in the middle of the request."));
    this.#world = new IsolatedWorld({ cdp, origin, onMessage: (message) => this.#receive(message), onGone });
    this.#failures = new RequestFailures(page, origin);
    this.#origin = origin;
    this.#maxReplyBytes = maxReplyBytes;
  }

  /** @throws GatewayError `session_lost` */
  static async open(page: Page, options: PageFetcherOptions): Promise<PageFetcher> {
    const cdp = await browserCall(PAGE_CALL_LIMIT_MS, "attach to the page", page.context().newCDPSession(page));
    const fetcher = new PageFetcher(cdp, page, options);
    const ready = Promise.all([
      fetcher.#world.prepare(),
      cdp.send("Storage.overrideQuotaForOrigin", { origin: options.origin.origin, quotaSize: MAX_STORED_BYTES }),
    ]);
    await browserCall(PAGE_CALL_LIMIT_MS, "prepare the page", ready);
    return fetcher;
  }

  /** @throws GatewayError for whatever kept the site from answering; the signal's reason when it aborts. */
  async fetch(...[request, signal, validity]: PageFetchParameters): Promise<PageResponse> {
    signal.throwIfAborted();
    if (this.#lost) throw this.#lost;
    this.requests += 1;
    const { path, method, headers, body } = request;
    const { href: url, origin } = new URL(path, this.#origin);
    // A path such as `//elsewhere/` is an address of another server.
    if (origin !== this.#origin.origin) throw new TypeError(`${path} is no path of ${this.#origin.origin}`);
    const nonce = randomUUID();
    const transfer = this.#register(nonce, url);
    const onAbort = (): void => {
      transfer.settle(GatewayError.from(signal.reason));
      this.#abort(nonce);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const watch = validity?.watch(() => this.#extend(nonce, validity));
    void transfer.done.promise.finally(() => {
      signal.removeEventListener("abort", onAbort);
      watch?.[Symbol.dispose]();
    });
    const sizes = { creditBytes: CREDIT_BYTES, messageCharacters: MESSAGE_CHARACTERS };
    const limits = { ...sizes, maxReplyBytes: this.#maxReplyBytes };
    const order: PageOrder = { nonce, url, origin, method, headers, body, ...limits, untilMs: validity?.untilMs };
    this.#world.start(order, signal).catch((cause: unknown) => {
      transfer.settle(GatewayError.from(cause));
      this.#finish(nonce, transfer);
    });
    const head = await transfer.head.promise;
    return { ...head, body: this.#read(nonce, transfer) };
  }

  /** Resolves true once no earlier request runs in the page any more; false when that takes too long. */
  async isQuiet(): Promise<boolean> {
    return (await this.#areOver(QUIET_LIMIT_MS)) && this.#lost === undefined;
  }

  get isIdle(): boolean {
    return this.#transfers.size === 0;
  }

  /** Resolves when the requests that run now are over. @throws the signal's reason. */
  async whenIdle(signal: AbortSignal): Promise<void> {
    await abortable(this.#allDone(), signal);
  }

  /** Ends what runs, and takes no more requests. False if the page does not confirm in time that it stopped. */
  async end(reason: GatewayError): Promise<boolean> {
    const wasLost = this.#lost !== undefined;
    this.#lost ??= reason;
    for (const [nonce, transfer] of this.#transfers) {
      transfer.settle(reason);
      // The page's confirmation is what counts.
      this.#world.call("abort", nonce).catch(() => {});
    }
    const areOver = await this.#areOver(END_LIMIT_MS);
    this.#failAll(reason);
    return areOver && !wasLost;
  }

  /** Why it takes no more requests; undefined while it does. */
  get lost(): GatewayError | undefined {
    return this.#lost;
  }

  /** The page is gone: every request that runs fails with this. */
  lose(error: GatewayError): void {
    this.#lost ??= error;
    this.#failAll(error);
  }

  #register(nonce: string, url: string): Transfer {
    this.#failures.forget(url);
    const acknowledge = (bytes: number): void => {
      this.#world.call("acknowledge", nonce, bytes).catch((cause: unknown) => this.lose(GatewayError.from(cause)));
    };
    const transfer = new Transfer({ url, maxReplyBytes: this.#maxReplyBytes, acknowledge });
    this.#transfers.set(nonce, transfer);
    return transfer;
  }

  async *#read(nonce: string, transfer: Transfer): AsyncGenerator<string, void, undefined> {
    try {
      yield* transfer.channel;
    } finally {
      // The reader left before the end.
      if (this.#transfers.has(nonce)) this.#abort(nonce);
    }
  }

  /** Without it the page ends the request in time: a failure needs no answer. */
  #extend(nonce: string, { untilMs }: Validity): void {
    this.#world.extend(nonce, untilMs).catch(() => {});
  }

  #abort(nonce: string): void {
    this.#world.call("abort", nonce).catch((cause: unknown) => this.lose(GatewayError.from(cause)));
  }

  #receive(message: string): void {
    const [nonce, type] = [message.slice(0, NONCE_CHARACTERS), message[NONCE_CHARACTERS]];
    const transfer = this.#transfers.get(nonce);
    if (!transfer) return;
    const rest = message.slice(NONCE_CHARACTERS + 1);
    if (type === "t" && !transfer.takeText(rest)) this.#distrust("The page sent more of an answer than it was let.");
    else if (type === "h" && !transfer.takeHead(rest)) this.#distrust("The page told a head that is none.");
    else if (type === "d") void this.#end(nonce, transfer, rest);
  }

  /** A message came that the gateway's own script never sends, so nothing more is taken from this page. */
  #distrust(message: string): void {
    this.lose(new GatewayError("session_lost", message));
    this.#world.refuseMessages();
  }

  async #end(nonce: string, transfer: Transfer, told: string): Promise<void> {
    const failure = failureOf(told, hasCause(told) ? await this.#failures.of(transfer.url) : undefined);
    transfer.settle(failure);
    this.#finish(nonce, transfer);
    if (failure && isElsewhere(told)) this.lose(failure);
  }

  async #areOver(limitMs: number): Promise<boolean> {
    return browserCall(limitMs, "end earlier requests", this.#allDone()).then(
      () => true,
      () => false,
    );
  }

  async #allDone(): Promise<void> {
    await Promise.all([...this.#transfers.values()].map((transfer) => transfer.done.promise));
  }

  #finish(nonce: string, transfer: Transfer): void {
    this.#transfers.delete(nonce);
    transfer.done.resolve();
  }

  #failAll(error: GatewayError): void {
    for (const [nonce, transfer] of this.#transfers) {
      transfer.settle(error);
      this.#finish(nonce, transfer);
    }
  }
}
