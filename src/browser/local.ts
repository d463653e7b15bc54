import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright";
import { GatewayError } from "../errors.ts";
import { sessionsThatFit } from "../process/memory-pressure.ts";
import { groupMemoryBytes } from "../process/group-memory.ts";
import { killProcessesIn, makeTempDir } from "../process/temp-dir.ts";
import { browserCall } from "./browser-call.ts";
import { Heartbeat } from "./heartbeat.ts";
import { LAUNCH_LIMIT_MS, launchChromium, type LaunchOptions } from "./launch.ts";
import { adviceFor, whatItSaid } from "./launch-failure.ts";
import { LocalProcess } from "./local-process.ts";
import type { BrowserHandle, BrowserProvider, Confinement } from "./provider.ts";
import { confinements, isConfinementRefused } from "./sandbox.ts";

const GIVE_UP_EVERY_MS = 50;
const CLOSE_LIMIT_MS = 3_000;
const NO_SANDBOX = "--no-sandbox";

/** Chromium on this machine: each browser has processes and a temporary directory of its own. */
export class LocalBrowsers implements BrowserProvider {
  readonly #options: LaunchOptions;

  constructor(options: LaunchOptions) {
    this.#options = options;
  }

  get capacity(): number {
    return sessionsThatFit();
  }

  /** Starts Chromium as confined as it can be here. */
  async open(signal: AbortSignal): Promise<BrowserHandle> {
    const [best, ...lesser] = confinements(this.#options.requireSandbox ?? false);
    let confinement = best;
    for (;;) {
      try {
        return await launch(this.#options, confinement, signal);
      } catch (cause) {
        const next = isConfinementRefused(String(cause), confinement) ? lesser.shift() : undefined;
        if (next && !signal.aborted) {
          confinement = { ...next, reason: whatItSaid(cause) };
          continue;
        }
        if (cause instanceof GatewayError && cause.code === "browser_unavailable") throw cause;
        throw new GatewayError("browser_unavailable", adviceFor(cause), { cause: new Error(whatItSaid(cause)) });
      }
    }
  }
}

async function launch(options: LaunchOptions, confinement: Confinement, signal: AbortSignal): Promise<BrowserHandle> {
  const tempDir = await makeTempDir("b-").catch((cause: NodeJS.ErrnoException) => {
    const message = `The temporary folder cannot be written to (${cause.code}): free its disk, or set TMPDIR to another.`;
    throw new GatewayError("browser_unavailable", message, { cause });
  });
  const over = new AbortController();
  // Playwright cannot abandon a launch, but it notices at once that the process is gone. The process may not exist yet.
  const giveUp = async (): Promise<void> => {
    for (; !over.signal.aborted; await delay(GIVE_UP_EVERY_MS)) await killProcessesIn(tempDir);
  };
  const onAbort = (): void => void giveUp();
  signal.addEventListener("abort", onAbort);
  try {
    const browser = await launchChromium(options, confinement, tempDir);
    const isSwitchedOff = options.browserArgs.includes(NO_SANDBOX);
    const effective = isSwitchedOff ? { ...confinement, isSandboxed: false, reason: NO_SANDBOX } : confinement;
    return await handleOf(browser, tempDir, effective);
  } catch (cause) {
    // Playwright would wait up to 30 s more for a hanging process to end by itself.
    await killProcessesIn(tempDir);
    await remove(tempDir);
    throw cause;
  } finally {
    over.abort();
    signal.removeEventListener("abort", onAbort);
  }
}

async function handleOf(browser: Browser, tempDir: string, confinement: Confinement): Promise<BrowserHandle> {
  const cdp = await browserCall(LAUNCH_LIMIT_MS, "attach to the browser", browser.newBrowserCDPSession());
  const chromium = await LocalProcess.of(cdp, tempDir);
  return {
    browser,
    logFields: chromium.pid === undefined ? {} : { pid: chromium.pid },
    confinement,
    memoryBytes: async () => (chromium.pid === undefined ? undefined : groupMemoryBytes(chromium.pid)),
    watch: (onDead) => new Heartbeat({ browser, cdp, processorTime: () => chromium.processorTime(), onDead }),
    kill: () => void chromium.kill(),
    close: async () => {
      // A stopped browser never answers, so what is left of its processes is killed in any case.
      await browserCall(CLOSE_LIMIT_MS, "close the browser", browser.close()).catch(() => {});
      await chromium.kill();
      await remove(tempDir);
    },
  };
}

function remove(tempDir: string): Promise<void> {
  return rm(tempDir, { recursive: true, force: true, maxRetries: 5 });
}
