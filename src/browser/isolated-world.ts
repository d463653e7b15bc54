import type { CDPSession } from "playwright";
import { GatewayError } from "../errors.ts";
import { addressOf, leftSite } from "./address.ts";
import { browserCall, PAGE_CALL_LIMIT_MS } from "./browser-call.ts";
import { installAgent, type PageAgent, type PageOrder } from "./in-page.ts";

const WORLD_NAME = "gateway";
const AGENT_NAME = "agent";
const BINDING_NAME = "tell";

export interface IsolatedWorldParts {
  readonly cdp: CDPSession;
  /** Where the document must be. */
  readonly origin: URL;
  /** Called with each message of the gateway's script. */
  readonly onMessage: (message: string) => void;
  /** Called when the world is gone, with everything that ran in it: the page navigated. */
  readonly onGone: () => void;
}

/**
 * The isolated world of one page, in which the gateway's script runs. Messages come back through a CDP binding. The page's
 * own scripts see neither the world nor the binding.
 */
export class IsolatedWorld {
  readonly #parts: IsolatedWorldParts;
  /** The world's execution context; undefined until the first request, and after each navigation. */
  #contextId: number | undefined;
  /** What the page's clock shows, less the gateway's monotonic clock; never too much. */
  #pageAheadMs = 0;

  constructor(parts: IsolatedWorldParts) {
    this.#parts = parts;
    const { cdp, onMessage } = parts;
    cdp.on("Runtime.bindingCalled", ({ name, payload, executionContextId }) => {
      if (name === BINDING_NAME && executionContextId === this.#contextId) onMessage(payload);
    });
    cdp.on("Runtime.executionContextDestroyed", (event) => this.#forget(event.executionContextId));
    cdp.on("Runtime.executionContextsCleared", () => this.#forget(this.#contextId));
  }

  /** Must be called before the first request. */
  async prepare(): Promise<void> {
    const { cdp } = this.#parts;
    await Promise.all([
      cdp.send("Runtime.enable"),
      cdp.send("Runtime.addBinding", { name: BINDING_NAME, executionContextName: WORLD_NAME }),
    ]);
  }

  /** Starts a request in the page. @throws GatewayError `session_lost`; the signal's reason. */
  async start(order: PageOrder, signal: AbortSignal): Promise<void> {
    this.#contextId ??= await this.#create();
    signal.throwIfAborted();
    try {
      await this.#order(order);
    } catch (cause) {
      // The page may have navigated between the two calls. Then nothing was sent yet.
      if (this.#contextId !== undefined) throw cause;
      this.#contextId = await this.#create();
      await this.#order(order);
    }
  }

  /** A request may run until then, on the gateway's monotonic clock. @throws GatewayError `session_lost` */
  extend(nonce: string, untilMs: number): Promise<void> {
    return this.call("extend", nonce, untilMs + this.#pageAheadMs);
  }

  /** Calls the gateway's script; does nothing if the world is gone. @throws GatewayError `session_lost` */
  async call<M extends keyof PageAgent>(method: M, ...values: Parameters<PageAgent[M]>): Promise<void> {
    if (this.#contextId === undefined) return;
    const call = this.#parts.cdp.send("Runtime.callFunctionOn", {
      functionDeclaration: `(...values) => globalThis.${AGENT_NAME}.${method}(...values)`,
      executionContextId: this.#contextId,
      arguments: values.map((value: unknown) => ({ value })),
    });
    const { exceptionDetails } = await browserCall(PAGE_CALL_LIMIT_MS, `${method} a request in the page`, call);
    if (exceptionDetails) throw new GatewayError("session_lost", "The page refused the request.");
  }

  /** No more messages are taken from this page. */
  refuseMessages(): void {
    // The page may be gone already.
    this.#parts.cdp.send("Runtime.removeBinding", { name: BINDING_NAME }).catch(() => {});
  }

  #order(order: PageOrder): Promise<void> {
    const { untilMs } = order;
    return this.call("start", untilMs === undefined ? order : { ...order, untilMs: untilMs + this.#pageAheadMs });
  }

  async #create(): Promise<number> {
    const { cdp, origin } = this.#parts;
    const create = async (): Promise<number> => {
      const { frameTree } = await cdp.send("Page.getFrameTree");
      const { securityOrigin, url, id: frameId } = frameTree.frame;
      if (securityOrigin !== origin.origin) throw leftSite(addressOf(url));
      const world = { frameId, worldName: WORLD_NAME };
      const { executionContextId } = await cdp.send("Page.createIsolatedWorld", world);
      const { result } = await cdp.send("Runtime.callFunctionOn", {
        functionDeclaration: installAgent.toString(),
        executionContextId,
        arguments: [{ value: AGENT_NAME }, { value: BINDING_NAME }],
      });
      this.#pageAheadMs = Number(result.value) - performance.now();
      return executionContextId;
    };
    return browserCall(PAGE_CALL_LIMIT_MS, "enter the page", create());
  }

  #forget(contextId: number | undefined): void {
    if (contextId === undefined || contextId !== this.#contextId) return;
    this.#contextId = undefined;
    this.#parts.onGone();
  }
}
