import { randomUUID } from "node:crypto";
import type { CDPSession, Page } from "playwright";
import { GatewayError } from "../errors.ts";
import { abortable } from "../process/abortable.ts";
import type { PageRequest, PageResponse } from "../sites/site.ts";
import { addressOf, leftSite } from "./address.ts";
import { installAgent, type PageAgent, type PageOrder } from "./in-page.ts";
import { failureOf, hasCause, isElsewhere } from "./page-failure.ts";
import { RequestFailures } from "./request-failures.ts";
import { CREDIT_BYTES, Transfer } from "./transfer.ts";
import { browserCall } from "./browser-call.ts";

const WORLD_NAME = "gateway";
const AGENT_NAME = "agent";
const BINDING_NAME = "tell";
/** A CDP call into a live page takes about a millisecond; a page that needs this long is stuck. */
const PAGE_CALL_LIMIT_MS = 5_000;
/** A page ends its requests in milliseconds. */
const END_LIMIT_MS = 500;
/** How long cancelled requests may take to leave the page. */
const QUIET_LIMIT_MS = 2_000;
/** A page that runs no script for so long is taken for frozen. */
const PING_LIMIT_MS = 5_000;
/**
 * What the site may keep in its databases and caches, which a private context holds in memory: Chromium's own limit is a
 * fifteenth of the machine's. No switch sets it, and none is there for other sites' frames.
 */
const MAX_STORED_BYTES = 64 * 1024 * 1024;
/** Written as JSON, each may take six bytes, and the whole stays within MAX_MESSAGE_BYTES. */
const MESSAGE_CHARACTERS = 256 * 1024;
/** A UUID's, with which each message begins. */
const NONCE_CHARACTERS = 36;

export interface PageFetcherOptions {
  /** The only place that anything is sent to, and where the page must stand for that. */
  readonly origin: URL;
  readonly maxReplyBytes: number;
}

/** `fetch` inside one page. Messages come back through a CDP binding that only the isolated world has. */
export class PageFetcher {
  readonly #cdp: CDPSession;
  readonly #origin: URL;
  readonly #maxReplyBytes: number;
  readonly #failures: RequestFailures;
  readonly #transfers = new Map<string, Transfer>();
  /** The isolated world's context; gone after each navigation. */
  #contextId: number | undefined;
  #lost: GatewayError | undefined;
  #firstHeapBytes: number | undefined;
  /** How many requests it was asked for. */
  requests = 0;
  /** On the monotonic clock, in milliseconds. */
  readonly openedMs = performance.now();

  private constructor(cdp: CDPSession, page: Page, { origin, maxReplyBytes }: PageFetcherOptions) {
    this.#cdp = cdp;
    this.#failures = new RequestFailures(page, origin);
    this.#origin = origin;
    this.#maxReplyBytes = maxReplyBytes;
  }

  /** @throws GatewayError `session_lost` */
  static async open(page: Page, options: PageFetcherOptions): Promise<PageFetcher> {
    const cdp = await browserCall(PAGE_CALL_LIMIT_MS, "attach to the page", page.context().newCDPSession(page));
    const fetcher = new PageFetcher(cdp, page, options);
    cdp.on("Runtime.bindingCalled", (event) => fetcher.#receive(event));
    cdp.on("Runtime.executionContextDestroyed", (event) => fetcher.#forgetWorld(event.executionContextId));
    cdp.on("Runtime.executionContextsCleared", () => fetcher.#forgetWorld(fetcher.#contextId));
    const ready = Promise.all([
      cdp.send("Runtime.enable"),
      cdp.send("Runtime.addBinding", { name: BINDING_NAME, executionContextName: WORLD_NAME }),
      cdp.send("Storage.overrideQuotaForOrigin", { origin: options.origin.origin, quotaSize: MAX_STORED_BYTES }),
    ]);
    await browserCall(PAGE_CALL_LIMIT_MS, "prepare the page", ready);
    return fetcher;
  }

  /** @throws GatewayError for whatever kept the site from answering; the signal's reason when it aborts. */
  async fetch(request: PageRequest, signal: AbortSignal): Promise<PageResponse> {
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
      this.#tellAgent("abort", nonce).catch((cause: unknown) => this.lose(GatewayError.from(cause)));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    // Whoever stops reading early, by abort or by leaving the loop, makes the page stop too.
    void transfer.done.promise.finally(() => signal.removeEventListener("abort", onAbort));
    const sizes = { creditBytes: CREDIT_BYTES, messageCharacters: MESSAGE_CHARACTERS };
    const limits = { ...sizes, maxReplyBytes: this.#maxReplyBytes };
    const order: PageOrder = { nonce, url, origin, method, headers, body, ...limits };
    this.#start(order, signal).catch((cause: unknown) => {
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

  /** Whether the page still runs scripts. */
  async isAlive(): Promise<boolean> {
    const call = this.#cdp.send("Runtime.evaluate", { expression: "1" });
    return browserCall(PING_LIMIT_MS, "answer a ping", call).then(
      () => true,
      () => false,
    );
  }

  /** What the page's heap grew by since it was opened, its buffers included. */
  async heapGrowthBytes(): Promise<number> {
    const { usedSize, ...rest } = await browserCall(
      PAGE_CALL_LIMIT_MS,
      "weigh the page",
      this.#cdp.send("Runtime.getHeapUsage"),
    );
    const bytes = usedSize + ("backingStorageSize" in rest ? rest.backingStorageSize : 0);
    this.#firstHeapBytes ??= bytes;
    return bytes - this.#firstHeapBytes;
  }

  /** Ends what runs, and takes no more. False when the page does not say in time that it stopped. */
  async end(reason: GatewayError): Promise<boolean> {
    const wasLost = this.#lost !== undefined;
    this.#lost ??= reason;
    for (const [nonce, transfer] of this.#transfers) {
      transfer.settle(reason);
      // Whether it heard shows in what it says.
      this.#tellAgent("abort", nonce).catch(() => {});
    }
    const areOver = await this.#areOver(END_LIMIT_MS);
    this.#failAll(reason);
    return areOver && !wasLost;
  }

  /** Why it takes no more requests, once it does not. */
  get lost(): GatewayError | undefined {
    return this.#lost;
  }

  /** The page is gone: everything under way fails with this. */
  lose(error: GatewayError): void {
    this.#lost ??= error;
    this.#failAll(error);
  }

  async #start(order: PageOrder, signal: AbortSignal): Promise<void> {
    this.#contextId ??= await this.#createWorld();
    signal.throwIfAborted();
    try {
      await this.#tellAgent("start", order);
    } catch (cause) {
      // The page may have navigated between the two calls; then nothing was sent yet.
      if (this.#contextId !== undefined) throw cause;
      this.#contextId = await this.#createWorld();
      await this.#tellAgent("start", order);
    }
  }

  async #createWorld(): Promise<number> {
    const create = async (): Promise<number> => {
      const { frameTree } = await this.#cdp.send("Page.getFrameTree");
      const { securityOrigin, url } = frameTree.frame;
      if (securityOrigin !== this.#origin.origin) throw leftSite(addressOf(url));
      const { executionContextId } = await this.#cdp.send("Page.createIsolatedWorld", {
        frameId: frameTree.frame.id,
        worldName: WORLD_NAME,
      });
      await this.#cdp.send("Runtime.callFunctionOn", {
        functionDeclaration: installAgent.toString(),
        executionContextId,
        arguments: [{ value: AGENT_NAME }, { value: BINDING_NAME }],
      });
      return executionContextId;
    };
    return browserCall(PAGE_CALL_LIMIT_MS, "enter the page", create());
  }

  async #tellAgent<M extends keyof PageAgent>(method: M, ...values: Parameters<PageAgent[M]>): Promise<void> {
    if (this.#contextId === undefined) return;
    const call = this.#cdp.send("Runtime.callFunctionOn", {
      functionDeclaration: `(...values) => globalThis.${AGENT_NAME}.${method}(...values)`,
      executionContextId: this.#contextId,
      arguments: values.map((value: unknown) => ({ value })),
    });
    const { exceptionDetails } = await browserCall(PAGE_CALL_LIMIT_MS, `${method} a request in the page`, call);
    if (exceptionDetails) throw new GatewayError("session_lost", "The page refused the request.");
  }

  #register(nonce: string, url: string): Transfer {
    this.#failures.forget(url);
    const acknowledge = (bytes: number): void => {
      this.#tellAgent("acknowledge", nonce, bytes).catch((cause: unknown) => this.lose(GatewayError.from(cause)));
    };
    const transfer = new Transfer({ url, maxReplyBytes: this.#maxReplyBytes, acknowledge });
    this.#transfers.set(nonce, transfer);
    return transfer;
  }

  async *#read(nonce: string, transfer: Transfer): AsyncGenerator<string, void, undefined> {
    try {
      yield* transfer.channel;
    } finally {
      if (this.#transfers.has(nonce)) {
        this.#tellAgent("abort", nonce).catch((cause: unknown) => this.lose(GatewayError.from(cause)));
      }
    }
  }

  #receive(event: { name: string; payload: string; executionContextId: number }): void {
    if (event.name !== BINDING_NAME || event.executionContextId !== this.#contextId) return;
    const { payload } = event;
    const [nonce, type] = [payload.slice(0, NONCE_CHARACTERS), payload[NONCE_CHARACTERS]];
    const transfer = this.#transfers.get(nonce);
    if (!transfer) return;
    const rest = payload.slice(NONCE_CHARACTERS + 1);
    if (type === "t" && !transfer.takeText(rest)) this.#distrust("The page sent more of an answer than it was let.");
    else if (type === "h" && !transfer.takeHead(rest)) this.#distrust("The page told a head that is none.");
    else if (type === "d") void this.#end(nonce, transfer, rest);
  }

  /** What the gateway's own script never does was done in its name: nothing more is taken from this page. */
  #distrust(message: string): void {
    this.lose(new GatewayError("session_lost", message));
    // The page may be gone already.
    this.#cdp.send("Runtime.removeBinding", { name: BINDING_NAME }).catch(() => {});
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

  #forgetWorld(contextId: number | undefined): void {
    if (contextId === undefined || contextId !== this.#contextId) return;
    this.#contextId = undefined;
    this.#failAll(new GatewayError("session_lost", "The page went elsewhere in the middle of the request."));
  }

  #failAll(error: GatewayError): void {
    for (const [nonce, transfer] of this.#transfers) {
      transfer.settle(error);
      this.#finish(nonce, transfer);
    }
  }
}
