import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { chromium, type Browser, type CDPSession, type LaunchOptions as PlaywrightOptions } from "playwright";
import { addExtra } from "playwright-extra";
import stealth from "puppeteer-extra-plugin-stealth";
import { GatewayError } from "../errors.ts";
import { killProcessesIn, makeTempDir } from "../process/temp-dir.ts";
import { browserEnvironment } from "./environment.ts";
import { withoutNeedlessFeatures } from "./features.ts";
import { adviceFor, whatItSaid } from "./launch-failure.ts";
import { limitMessages } from "./message-limit.ts";
import { confinements, isConfinementRefused, launcherFor, type Confinement } from "./sandbox.ts";
import { within } from "./within.ts";

export interface LaunchOptions {
  /** Chromium's executable. */
  readonly browserPath: string;
  readonly browserMode: "headless" | "headed";
  readonly stealth: boolean;
  /** Further switches. */
  readonly browserArgs: readonly string[];
  /** Whether no browser is better than one without its sandbox; false unless told. */
  readonly requireSandbox?: boolean;
}

/** A running Chromium and what is needed to end it for certain. */
export interface LaunchedBrowser {
  readonly browser: Browser;
  /** To the browser itself, not to a page. */
  readonly cdp: CDPSession;
  /** Chromium's main process, which leads a process group of its own. */
  readonly pid: number;
  readonly confinement: Confinement;
  /** Ends it at once, whatever state it is in. */
  kill(): void;
  /** Ends it, gracefully if it answers within the limit; its scratch folder goes with it. Never rejects. */
  close(): Promise<void>;
}

const LAUNCH_LIMIT_MS = 30_000;
const GIVE_UP_EVERY_MS = 50;
const CLOSE_LIMIT_MS = 3_000;
const NO_SANDBOX = "--no-sandbox";
/** Playwright's defaults that take away the brakes that Chromium has against pages: each person's browser has them. */
const BRAKES_OFF = ["--disable-popup-blocking", "--disable-ipc-flooding-protection"];

/**
 * The stealth plugin's evasions that take an automation mark away without claiming anything untrue:
 * `navigator.webdriver` starts Chromium with AutomationControlled off, as a person's browser has it, and `defaultArgs`
 * leaves out switches that only automation passes. Not used, because they claim what this machine is not, or imitate
 * what today's headless mode really has: user-agent-override (says Windows on Linux, and a brand list of its own),
 * webgl.vendor (says Intel), navigator.languages, .vendor, .plugins, .permissions and .hardwareConcurrency,
 * media.codecs, chrome.app, .csi, .loadTimes and .runtime, iframe.contentWindow, window.outerdimensions, sourceurl.
 * In package.json, overrides leave out what only these would need.
 */
const TRUTHFUL_EVASIONS = ["navigator.webdriver", "defaultArgs"];

/**
 * Starts it as confined as it can be here. `signal` gives it up.
 * @throws GatewayError `browser_unavailable` with what to do about it.
 */
export async function launchBrowser(options: LaunchOptions, signal: AbortSignal): Promise<LaunchedBrowser> {
  const [best, ...lesser] = confinements(options.requireSandbox ?? false);
  let confinement = best;
  for (;;) {
    try {
      return await launchConfined(options, confinement, signal);
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

async function launchConfined(
  options: LaunchOptions,
  confinement: Confinement,
  signal: AbortSignal,
): Promise<LaunchedBrowser> {
  const scratchDir = await makeTempDir("b-").catch((cause: NodeJS.ErrnoException) => {
    const message = `The temporary folder cannot be written to (${cause.code}): free its disk, or set TMPDIR to another.`;
    throw new GatewayError("browser_unavailable", message, { cause });
  });
  const removeScratch = (): Promise<void> => rm(scratchDir, { recursive: true, force: true, maxRetries: 5 });
  const over = new AbortController();
  // Playwright has no way to give a launch up, but sees at once that the process is gone; it may not have begun yet.
  const giveUp = async (): Promise<void> => {
    for (; !over.signal.aborted; await setTimeout(GIVE_UP_EVERY_MS)) await killProcessesIn(scratchDir);
  };
  const onAbort = (): void => void giveUp();
  signal.addEventListener("abort", onAbort);
  try {
    const browser = await start(options, confinement, scratchDir);
    const cdp = await within(LAUNCH_LIMIT_MS, "attach to the browser", browser.newBrowserCDPSession());
    const pid = await mainProcessId(cdp);
    return {
      browser,
      cdp,
      pid,
      confinement: isUnsandboxed(options) ? { ...confinement, isSandboxed: false, reason: NO_SANDBOX } : confinement,
      kill: () => killGroup(pid),
      close: async () => {
        await close(browser, pid);
        await removeScratch();
      },
    };
  } catch (cause) {
    // Playwright waits another 30 s for one that hangs to end by itself.
    await killProcessesIn(scratchDir);
    await removeScratch();
    throw cause;
  } finally {
    over.abort();
    signal.removeEventListener("abort", onAbort);
  }
}

function isUnsandboxed({ browserArgs }: LaunchOptions): boolean {
  return browserArgs.includes(NO_SANDBOX);
}

async function start(options: LaunchOptions, confinement: Confinement, scratchDir: string): Promise<Browser> {
  const isHeaded = options.browserMode === "headed";
  const userAgent = isHeaded ? [] : [`--user-agent=${await userAgentWithoutHeadless(options.browserPath)}`];
  const plain: PlaywrightOptions = {
    ...(await launcherFor(confinement, options.browserPath, scratchDir)),
    headless: !isHeaded,
    args: [...userAgent, ...withoutNeedlessFeatures(options.browserArgs)],
    ignoreDefaultArgs: [...BRAKES_OFF],
    chromiumSandbox: confinement.isSandboxed,
    // Otherwise Playwright ends the browser on the very signal that starts our drain.
    handleSIGTERM: false,
    handleSIGINT: false,
    handleSIGHUP: false,
    timeout: LAUNCH_LIMIT_MS,
  };
  limitMessages();
  return chromium.launch(options.stealth ? await withoutMarks(plain) : plain);
}

/**
 * The options as the plugins want them. The evasions that are used set switches and do no more, so that is all they are
 * asked: playwright-extra keeps every browser and page that it was ever shown, 40 KiB a page. It is shown none.
 */
async function withoutMarks(options: PlaywrightOptions): Promise<PlaywrightOptions> {
  let adjusted = options;
  const launch = async (wanted: PlaywrightOptions): Promise<EventEmitter> => {
    adjusted = wanted;
    return new EventEmitter();
  };
  const extra = addExtra({ launch, connect: launch });
  extra.plugins.onPluginError = (_plugin, _method, cause) => {
    throw cause;
  };
  extra.use(stealth({ enabledEvasions: new Set(TRUTHFUL_EVASIONS) }));
  await extra.launch(options);
  return adjusted;
}

/**
 * What this very Chromium says of itself with a window, where headless mode writes "HeadlessChrome". Since Chrome 110 the
 * reduced form is fixed but for the major version: https://www.chromium.org/updates/ua-reduction/
 */
async function userAgentWithoutHeadless(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["--version"], {
    timeout: LAUNCH_LIMIT_MS,
    killSignal: "SIGKILL",
    env: browserEnvironment(),
  });
  const major = /\b(\d+)\.\d+\.\d+\.\d+\b/.exec(stdout)?.[1];
  if (major === undefined) throw new Error(`${path} does not tell its version: ${stdout}`);
  const platform = process.platform === "darwin" ? "Macintosh; Intel Mac OS X 10_15_7" : "X11; Linux x86_64";
  return `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

async function mainProcessId(cdp: CDPSession): Promise<number> {
  const { processInfo } = await within(LAUNCH_LIMIT_MS, "ask for processes", cdp.send("SystemInfo.getProcessInfo"));
  const main = processInfo.find((process) => process.type === "browser");
  if (!main) throw new Error("Chromium does not tell its process id");
  return main.id;
}

async function close(browser: Browser, pid: number): Promise<void> {
  // A stopped browser never answers, so what is left of its process group is killed in any case.
  await within(CLOSE_LIMIT_MS, "close the browser", browser.close()).catch(() => {});
  killGroup(pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // No such process group: it ended by itself.
  }
}
