import { rm } from "node:fs/promises";
import { chromium, type Browser } from "playwright";
import { sessionsThatFit } from "../process/memory-pressure.ts";
import { groupMemoryBytes } from "../process/group-memory.ts";
import { browserCall } from "./browser-call.ts";
import { launchConfined, type Launched } from "./confined-launch.ts";
import { Heartbeat } from "./heartbeat.ts";
import { LAUNCH_LIMIT_MS, type LaunchOptions } from "./launch.ts";
import { LocalProcess } from "./local-process.ts";
import type { BrowserHandle, BrowserProvider } from "./provider.ts";

const CLOSE_LIMIT_MS = 3_000;

/** Chromium on this machine: each browser has processes and a temporary directory of its own. */
export class LocalBrowsers implements BrowserProvider {
  readonly isLocal = true;
  readonly #options: LaunchOptions;

  constructor(options: LaunchOptions) {
    this.#options = options;
  }

  get capacity(): number {
    return sessionsThatFit();
  }

  /** Starts Chromium as confined as it can be here. */
  open(signal: AbortSignal): Promise<BrowserHandle> {
    return launchConfined(this.#options, start, signal);
  }
}

async function start(launched: Launched): Promise<BrowserHandle> {
  return handleOf(await chromium.launch(launched.options), launched);
}

async function handleOf(browser: Browser, { tempDir, confinement }: Launched): Promise<BrowserHandle> {
  const cdp = await browserCall(LAUNCH_LIMIT_MS, "attach to the browser", browser.newBrowserCDPSession());
  const own = await LocalProcess.of(cdp, tempDir);
  return {
    browser,
    logFields: own.pid === undefined ? {} : { pid: own.pid },
    confinement,
    memoryBytes: async () => (own.pid === undefined ? undefined : groupMemoryBytes(own.pid)),
    watch: (onDead) => new Heartbeat({ browser, cdp, processorTime: () => own.processorTime(), onDead }),
    kill: () => void own.kill(),
    close: async () => {
      // A stopped browser never answers, so what is left of its processes is killed in any case.
      await browserCall(CLOSE_LIMIT_MS, "close the browser", browser.close()).catch(() => {});
      await own.kill();
      await rm(tempDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
