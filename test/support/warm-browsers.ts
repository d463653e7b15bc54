import { isDeepStrictEqual } from "node:util";
import { browserCall } from "../../src/browser/browser-call.ts";
import type { LaunchOptions } from "../../src/browser/launch.ts";
import { LocalBrowsers } from "../../src/browser/local.ts";
import type { BrowserHandle, BrowserProvider } from "../../src/browser/provider.ts";

interface Warm {
  readonly closing: NodeJS.Timeout;
  readonly options: LaunchOptions;
  readonly handle: BrowserHandle;
}

/** A world rarely has more browsers than these. */
const MOST_KEPT = 2;
/** A busy machine takes a while from one world to the next. Whatever a worker still keeps at its end goes with it. */
const KEPT_MS = 60_000;
const CALL_LIMIT_MS = 3_000;

/** Browsers that no world uses now. */
const kept: Warm[] = [];
/** Browsers that worlds have opened, and neither closed nor killed. */
const lent = new Set<BrowserHandle>();

/** How many browsers are in use by worlds of this worker. */
export function browsersInUse(): number {
  return lent.size;
}

/**
 * Real browsers, each of which serves one world after the other: starting Chromium takes longer than most tests. A browser is
 * kept only if its world left it in order, and is given only to a world that would start it with the same options.
 */
export class WarmBrowsers implements BrowserProvider {
  readonly isLocal = true;
  readonly #options: LaunchOptions;
  readonly #own: LocalBrowsers;

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.#own = new LocalBrowsers(options);
  }

  get capacity(): number {
    return this.#own.capacity;
  }

  async open(signal: AbortSignal): Promise<BrowserHandle> {
    const index = kept.findIndex(({ options }) => isDeepStrictEqual(options, this.#options));
    const [warm] = index < 0 ? [] : kept.splice(index, 1);
    clearTimeout(warm?.closing);
    if (warm?.handle.browser.isConnected()) return this.#lend(warm.handle);
    return this.#lend(await this.#own.open(signal));
  }

  #lend(handle: BrowserHandle): BrowserHandle {
    const { browser, logFields, confinement } = handle;
    let isInOrder = true;
    lent.add(handle);
    let watching: Disposable | undefined;
    return {
      browser,
      logFields,
      confinement,
      memoryBytes: async () => handle.memoryBytes?.(),
      watch: (onDead) => {
        watching = handle.watch((death) => {
          isInOrder = false;
          onDead(death);
        });
        return watching;
      },
      kill: () => {
        lent.delete(handle);
        isInOrder = false;
        handle.kill();
      },
      close: async () => {
        lent.delete(handle);
        watching?.[Symbol.dispose]();
        if (isInOrder && (await isEmptied(handle))) await this.#keep(handle);
        else await handle.close();
      },
    };
  }

  async #keep(handle: BrowserHandle): Promise<void> {
    const warm: Warm = { options: this.#options, handle, closing: setTimeout(() => void end(warm), KEPT_MS).unref() };
    kept.push(warm);
    if (kept.length > MOST_KEPT) await end(kept[0]);
  }
}

async function end(warm: Warm | undefined): Promise<void> {
  if (!warm || !kept.includes(warm)) return;
  kept.splice(kept.indexOf(warm), 1);
  clearTimeout(warm.closing);
  await warm.handle.close();
}

/** Whether all contexts have closed, and the browser answers. */
async function isEmptied({ browser }: BrowserHandle): Promise<boolean> {
  try {
    const closing = Promise.all(browser.contexts().map((context) => context.close()));
    await browserCall(CALL_LIMIT_MS, "close all contexts", closing);
    const cdp = await browserCall(CALL_LIMIT_MS, "attach to the browser", browser.newBrowserCDPSession());
    await browserCall(CALL_LIMIT_MS, "give its version", cdp.send("Browser.getVersion"));
    await browserCall(CALL_LIMIT_MS, "detach from the browser", cdp.detach());
    return browser.isConnected();
  } catch {
    return false;
  }
}
