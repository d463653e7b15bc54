import type { CDPSession } from "playwright";
import { browserCall, PAGE_CALL_LIMIT_MS } from "./browser-call.ts";

/** Whether one page still works, and how much memory it took since it was opened. */
export class PageHealth {
  readonly #cdp: CDPSession;
  #firstHeapBytes: number | undefined;

  constructor(cdp: CDPSession) {
    this.#cdp = cdp;
  }

  /** Whether the page still runs scripts. */
  async isAlive(): Promise<boolean> {
    const call = this.#cdp.send("Runtime.evaluate", { expression: "1" });
    return browserCall(PAGE_CALL_LIMIT_MS, "answer a ping", call).then(
      () => true,
      () => false,
    );
  }

  /** By how much the page's heap grew since the first call, buffers included. @throws GatewayError `session_lost` */
  async heapGrowthBytes(): Promise<number> {
    const call = this.#cdp.send("Runtime.getHeapUsage");
    const { usedSize, ...rest } = await browserCall(PAGE_CALL_LIMIT_MS, "measure the page", call);
    const bytes = usedSize + ("backingStorageSize" in rest ? rest.backingStorageSize : 0);
    this.#firstHeapBytes ??= bytes;
    return bytes - this.#firstHeapBytes;
  }
}
