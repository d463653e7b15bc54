import { chromium, type Browser, type CDPSession } from "playwright";
import type { BrowserEndpoint, BrowserProtocol } from "../../credentials/browser-endpoint.ts";
import { abortable } from "../../process/abortable.ts";
import { browserCall } from "../browser-call.ts";
import { Heartbeat } from "../heartbeat.ts";
import { LAUNCH_LIMIT_MS, portableOptions, type LaunchOptions } from "../launch.ts";
import type { BrowserHandle, BrowserProvider } from "../provider.ts";
import { CdpSocket } from "./cdp-socket.ts";
import { endpointFailure, endpointProblem } from "./endpoint-failure.ts";
import { RemoteTraits } from "./remote-traits.ts";
import { devToolsSocketOf, endpointHeaders, speaksDevTools } from "./what-answers.ts";

/** Pages, where the operator does not say: the memory of the other machine is not known. */
const CAPACITY = 16;
const CLOSE_LIMIT_MS = 3_000;
/** The parameter in which a Playwright server takes what else to start a browser with. */
const LAUNCH_OPTIONS = "launch-options";

export interface RemoteOptions extends Omit<LaunchOptions, "browserPath"> {
  readonly endpoint: BrowserEndpoint;
  /** After how long without an answer a browser counts as dead; 15 s unless given. */
  readonly stuckAfterMs?: number;
}

interface Connected {
  readonly browser: Browser;
  readonly protocol: BrowserProtocol;
}

/**
 * Browsers that run elsewhere. A Playwright server starts one for each connection; what speaks the DevTools protocol may
 * give the same one each time. An account's context ends with the connection that opened it.
 */
export class RemoteBrowsers implements BrowserProvider {
  readonly isLocal = false;
  readonly capacity = CAPACITY;
  readonly #options: RemoteOptions;
  /** As it is without the address's word for it; asked for once. */
  #protocol: BrowserProtocol | undefined;
  /** The user agent of a browser that would call itself headless. */
  #userAgent: string | undefined;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#protocol = options.endpoint.protocol;
  }

  async open(signal: AbortSignal): Promise<BrowserHandle> {
    const { endpoint } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LAUNCH_LIMIT_MS)]);
    try {
      const handle = await this.#connectAndLook(limit);
      if (!this.#wantsUserAgent(handle)) return handle;
      await handle.close();
      return await this.#connectAndLook(limit);
    } catch (cause) {
      throw endpointFailure(endpoint, cause);
    }
  }

  async #connectAndLook(signal: AbortSignal): Promise<BrowserHandle & { readonly traits: RemoteTraits }> {
    const { endpoint, requireSandbox = false } = this.#options;
    const connecting = this.#connect(signal);
    const abandon = (): void => void connecting.then(({ browser }) => browser.close()).catch(() => {});
    const connected = await abortable(connecting, signal).catch((cause: unknown) => {
      abandon();
      throw cause;
    });
    try {
      const cdp = await browserCall(LAUNCH_LIMIT_MS, "attach to the browser", connected.browser.newBrowserCDPSession());
      const traits = await RemoteTraits.of(cdp, this.#options);
      if (requireSandbox && traits.isSandboxed !== true) {
        const problem =
          traits.isSandboxed === false ? "has Chromium's sandbox off" : "does not tell whether it has one";
        throw endpointProblem(endpoint, `REQUIRE_SANDBOX is on, and the browser ${problem}`);
      }
      return { ...this.#handleOf(connected, cdp, traits), traits };
    } catch (cause) {
      abandon();
      throw cause;
    }
  }

  async #connect(signal: AbortSignal): Promise<Connected> {
    const { endpoint } = this.#options;
    this.#protocol ??= (await speaksDevTools(endpoint, signal)) ? "cdp" : "playwright";
    const protocol = this.#protocol;
    const browser = await (protocol === "cdp" ? this.#overDevTools(signal) : this.#overPlaywright());
    return { browser, protocol };
  }

  async #overDevTools(signal: AbortSignal): Promise<Browser> {
    const { endpoint } = this.#options;
    const headers = endpointHeaders(endpoint);
    const socket = await CdpSocket.open(await devToolsSocketOf(endpoint, signal), headers, signal);
    return chromium.connectOverCDP(socket, { timeout: LAUNCH_LIMIT_MS });
  }

  async #overPlaywright(): Promise<Browser> {
    const { endpoint } = this.#options;
    const url = new URL(endpoint.url);
    const further = JSON.parse(url.searchParams.get(LAUNCH_OPTIONS) ?? "{}") as { readonly args?: readonly string[] };
    url.searchParams.delete(LAUNCH_OPTIONS);
    // Servers without --unsafe leave out most of it.
    const options = { ...(await portableOptions(this.#options, this.#userAgent)), chromiumSandbox: true };
    const launch = { ...options, ...further, args: [...(options.args ?? []), ...(further.args ?? [])] };
    const headers = { ...endpointHeaders(endpoint), "x-playwright-launch-options": JSON.stringify(launch) };
    return chromium.connect(url.href, { headers, timeout: LAUNCH_LIMIT_MS });
  }

  #handleOf({ browser, protocol }: Connected, cdp: CDPSession, traits: RemoteTraits): BrowserHandle {
    const { endpoint, stuckAfterMs } = this.#options;
    // A browser that is out of reach does not confirm the end of the connection.
    const leave = (): Promise<void> =>
      browserCall(CLOSE_LIMIT_MS, "leave the browser", browser.close()).catch(() => {});
    return {
      browser,
      logFields: { endpoint: endpoint.shown, protocol },
      confinement: traits.confinement,
      notes: traits.notes,
      watch: (onDead) =>
        new Heartbeat({
          browser,
          cdp,
          // Its processes are out of sight: it may always be working.
          processorTime: () => Number.NaN,
          onDead,
          ...(stuckAfterMs === undefined ? {} : { stuckAfterMs }),
        }),
      kill: () => void leave(),
      close: leave,
    };
  }

  /** A server of Playwright takes another user agent for its next browser. */
  #wantsUserAgent({ traits }: { readonly traits: RemoteTraits }): boolean {
    if (this.#protocol !== "playwright" || this.#userAgent !== undefined || !traits.isHeadlessByName) return false;
    this.#userAgent = traits.userAgent.replace("HeadlessChrome", "Chrome");
    return true;
  }
}
