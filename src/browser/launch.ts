import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { promisify } from "node:util";
import { chromium, type Browser, type LaunchOptions as PlaywrightOptions } from "playwright";
import { addExtra } from "playwright-extra";
import stealth from "puppeteer-extra-plugin-stealth";
import { browserEnvironment } from "./environment.ts";
import { withoutNeedlessFeatures } from "./features.ts";
import { limitMessages } from "./message-limit.ts";
import type { Confinement } from "./provider.ts";
import { launcherFor } from "./sandbox.ts";

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

export const LAUNCH_LIMIT_MS = 30_000;
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

/** Starts Chromium with this confinement; what it writes goes into `tempDir`. @throws what Playwright says of it. */
export async function launchChromium(
  options: LaunchOptions,
  confinement: Confinement,
  tempDir: string,
): Promise<Browser> {
  const isHeaded = options.browserMode === "headed";
  const userAgent = isHeaded ? [] : [`--user-agent=${await userAgentWithoutHeadless(options.browserPath)}`];
  const plain: PlaywrightOptions = {
    ...(await launcherFor(confinement, options.browserPath, tempDir)),
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
