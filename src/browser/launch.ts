import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { promisify } from "node:util";
import type { LaunchOptions as PlaywrightOptions } from "playwright";
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
  /** Whether to fail instead of running Chromium without its sandbox; false unless given. */
  readonly requireSandbox?: boolean;
}

export const LAUNCH_LIMIT_MS = 30_000;
/** Playwright's switches that turn off protections against pages, which every ordinary browser has. */
const PROTECTIONS_OFF = ["--disable-popup-blocking", "--disable-ipc-flooding-protection"];

/**
 * The evasions of the stealth plugin that remove a mark of automation without claiming anything untrue:
 * `navigator.webdriver` starts Chromium with AutomationControlled off, as in an ordinary browser, and `defaultArgs` leaves
 * out switches that only automation passes. The others are not used, because they claim something untrue of this machine,
 * or imitate what today's headless mode has anyway: user-agent-override (says Windows on Linux, and a brand list of its own),
 * webgl.vendor (says Intel), navigator.languages, .vendor, .plugins, .permissions and .hardwareConcurrency,
 * media.codecs, chrome.app, .csi, .loadTimes and .runtime, iframe.contentWindow, window.outerdimensions, sourceurl.
 * The overrides in package.json leave out the packages that only these would need.
 */
const TRUTHFUL_EVASIONS = ["navigator.webdriver", "defaultArgs"];

/** What Playwright is told to start Chromium here with this confinement; what that writes goes into `tempDir`. */
export async function localOptions(
  options: LaunchOptions,
  confinement: Confinement,
  tempDir: string,
): Promise<PlaywrightOptions> {
  const userAgent = options.browserMode === "headed" ? undefined : await userAgentWithoutHeadless(options.browserPath);
  limitMessages();
  return {
    ...(await portableOptions(options, userAgent)),
    ...(await launcherFor(confinement, options.browserPath, tempDir)),
    chromiumSandbox: confinement.isSandboxed,
    // Otherwise Playwright would end the browser at the signal that starts the shutdown, while answers still run.
    handleSIGTERM: false,
    handleSIGINT: false,
    handleSIGHUP: false,
    timeout: LAUNCH_LIMIT_MS,
  };
}

/** The part of it that holds on any machine. `userAgent`: in place of Chromium's own. */
export async function portableOptions(
  { browserMode, browserArgs, stealth: isStealthy }: Pick<LaunchOptions, "browserMode" | "browserArgs" | "stealth">,
  userAgent: string | undefined,
): Promise<PlaywrightOptions> {
  const plain: PlaywrightOptions = {
    headless: browserMode === "headless",
    args: [...(userAgent === undefined ? [] : [`--user-agent=${userAgent}`]), ...withoutNeedlessFeatures(browserArgs)],
    ignoreDefaultArgs: [...PROTECTIONS_OFF],
  };
  return isStealthy ? withoutMarks(plain) : plain;
}

/**
 * The options with the switches that the plugins set, which is all that these evasions do. playwright-extra leaks 40 KiB
 * per page that it sees, so it never gets the real browser.
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
 * The user agent that this Chromium has with a window; in headless mode it would say "HeadlessChrome". Since Chrome 110,
 * only the major version differs: https://www.chromium.org/updates/ua-reduction/
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
