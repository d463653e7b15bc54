import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { chromium, type Browser, type CDPSession, type LaunchOptions as PlaywrightOptions } from "playwright";
import { addExtra } from "playwright-extra";
import stealth from "puppeteer-extra-plugin-stealth";
import { GatewayError } from "../errors.ts";
import { killProcessesIn, makeTempDir } from "../scratch.ts";
import { withoutNeedlessFeatures } from "./features.ts";
import { within } from "./within.ts";

export interface LaunchOptions {
  /** Chromium's executable. */
  readonly browserPath: string;
  readonly browserMode: "headless" | "headed";
  readonly stealth: boolean;
  /** Further switches. */
  readonly browserArgs: readonly string[];
}

/** A running Chromium and what is needed to end it for certain. */
export interface LaunchedBrowser {
  readonly browser: Browser;
  /** To the browser itself, not to a page. */
  readonly cdp: CDPSession;
  /** Chromium's main process, which leads a process group of its own. */
  readonly pid: number;
  /** Ends it at once, whatever state it is in. */
  kill(): void;
  /** Ends it, gracefully if it answers within the limit; its scratch folder goes with it. Never rejects. */
  close(): Promise<void>;
}

const LAUNCH_LIMIT_MS = 30_000;
const GIVE_UP_EVERY_MS = 50;
const CLOSE_LIMIT_MS = 3_000;
const MAX_QUOTED_LINES = 5;
const MAX_QUOTED_CHARACTERS = 1_000;

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

/** True as root, where Chromium refuses to run with its sandbox. */
export function mustRunUnsandboxed(): boolean {
  return process.getuid?.() === 0;
}

/**
 * `signal` gives it up.
 * @throws GatewayError `browser_unavailable` with what to do about it.
 */
export async function launchBrowser(options: LaunchOptions, signal: AbortSignal): Promise<LaunchedBrowser> {
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
    const browser = await start(options, scratchDir);
    const cdp = await within(LAUNCH_LIMIT_MS, "attach to the browser", browser.newBrowserCDPSession());
    const pid = await mainProcessId(cdp);
    return {
      browser,
      cdp,
      pid,
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
    throw new GatewayError("browser_unavailable", explain(cause), { cause: new Error(whatItSaid(cause)) });
  } finally {
    over.abort();
    signal.removeEventListener("abort", onAbort);
  }
}

async function start(options: LaunchOptions, scratchDir: string): Promise<Browser> {
  const isHeaded = options.browserMode === "headed";
  const userAgent = isHeaded ? [] : [`--user-agent=${await userAgentWithoutHeadless(options.browserPath)}`];
  const plain: PlaywrightOptions = {
    executablePath: options.browserPath,
    headless: !isHeaded,
    args: [...userAgent, ...withoutNeedlessFeatures(options.browserArgs)],
    chromiumSandbox: !mustRunUnsandboxed(),
    // Otherwise Playwright ends the browser on the very signal that starts our drain.
    handleSIGTERM: false,
    handleSIGINT: false,
    handleSIGHUP: false,
    timeout: LAUNCH_LIMIT_MS,
    env: { ...process.env, TMPDIR: scratchDir },
  };
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

/** Playwright repeats the whole command line several times; what Chromium itself said is a few lines of it. */
function whatItSaid(cause: unknown): string {
  const lines = String(cause).split("\n");
  const said = lines.filter((line) => line.includes("[err]"));
  return (said.length > 0 ? said : lines).slice(0, MAX_QUOTED_LINES).join("\n").slice(0, MAX_QUOTED_CHARACTERS);
}

function explain(cause: unknown): string {
  const text = String(cause);
  if (/no usable sandbox|sandbox_linux|setuid sandbox|zygote_host/i.test(text)) {
    return "Chromium's sandbox cannot start here: user namespaces are not allowed. In a container use docker/seccomp.json (--security-opt seccomp=docker/seccomp.json); see README, Container.";
  }
  if (/missing X server|DISPLAY/i.test(text)) {
    return "Chromium cannot open a window: there is no display. Set BROWSER_MODE=headless or start under Xvfb.";
  }
  if (/ENOENT|doesn't exist/i.test(text)) return "Chromium was not found. Set BROWSER_PATH or run `npm run doctor`.";
  return "Chromium did not start. Run `npm run doctor`.";
}
