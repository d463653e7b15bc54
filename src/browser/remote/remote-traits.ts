import type { CDPSession } from "playwright";
import { browserCall } from "../browser-call.ts";
import type { LaunchOptions } from "../launch.ts";
import type { Confinement } from "../provider.ts";

const CALL_LIMIT_MS = 10_000;
const HEADLESS_NAME = "HeadlessChrome/";
const NO_SANDBOX = /--(?:no-sandbox|no-zygote|single-process|disable-(?:seccomp-filter|namespace)-sandbox)(?![\w-])/;
/** A page sees in `navigator.webdriver` that a program drives a browser with one of these, unless the last is there too. */
const DRIVEN = /--(?:headless|remote-debugging-pipe)(?![\w-])/;
const AUTOMATION = /--enable-automation(?![\w-])/;
const NOT_CONTROLLED = "AutomationControlled";

type Wanted = Pick<LaunchOptions, "browserArgs" | "stealth">;

/** What a browser that somebody else started tells of itself. */
export class RemoteTraits {
  readonly userAgent: string;
  /** Undefined if it does not tell. */
  readonly #commandLine: string | undefined;
  readonly #wanted: Wanted;

  private constructor(userAgent: string, commandLine: string | undefined, wanted: Wanted) {
    this.userAgent = userAgent;
    this.#commandLine = commandLine;
    this.#wanted = wanted;
  }

  /** @throws GatewayError `session_lost` when the browser does not answer. */
  static async of(cdp: CDPSession, wanted: Wanted): Promise<RemoteTraits> {
    const { userAgent } = await browserCall(CALL_LIMIT_MS, "tell its version", cdp.send("Browser.getVersion"));
    const info = browserCall(CALL_LIMIT_MS, "tell its command line", cdp.send("SystemInfo.getInfo"));
    const commandLine = await info.then(
      (told) => told.commandLine || undefined,
      () => undefined,
    );
    return new RemoteTraits(userAgent, commandLine, wanted);
  }

  /** Chromium does not start without its sandbox unless it is told to. Undefined if it does not tell. */
  get isSandboxed(): boolean | undefined {
    return this.#commandLine === undefined ? undefined : !NO_SANDBOX.test(this.#commandLine);
  }

  get confinement(): Confinement | undefined {
    const { isSandboxed } = this;
    if (isSandboxed === undefined) return undefined;
    const reason = isSandboxed ? {} : { reason: "it was started so where it runs" };
    return { isSandboxed, userId: undefined, ...reason };
  }

  get isHeadlessByName(): boolean {
    return this.userAgent.includes(HEADLESS_NAME);
  }

  /** What is not as the settings want it, and only where the browser is started can it be changed. */
  get notes(): readonly string[] {
    const { browserArgs, stealth } = this.#wanted;
    const notes: string[] = [];
    if (this.isHeadlessByName) notes.push("sites see a headless browser by its user agent: start it with --user-agent");
    const line = this.#commandLine;
    if (line === undefined) return notes;
    if (stealth && (AUTOMATION.test(line) || (DRIVEN.test(line) && !line.includes(NOT_CONTROLLED)))) {
      notes.push(
        "sites see that a program drives the browser: start it with --disable-blink-features=AutomationControlled and without --enable-automation",
      );
    }
    const missing = browserArgs.map((arg) => arg.split("=", 1)[0] ?? "").filter((name) => !line.includes(name));
    if (missing.length > 0) notes.push(`the browser was started without ${missing.join(" ")} of BROWSER_ARGS`);
    return notes;
  }
}
