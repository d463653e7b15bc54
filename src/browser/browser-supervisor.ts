import type { Browser } from "playwright";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { Heartbeat } from "./heartbeat.ts";
import { launchBrowser, type LaunchedBrowser, type LaunchOptions } from "./launch.ts";
import type { Confinement } from "./sandbox.ts";

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

/** Keeps one Chromium running: starts it when it is first needed, and again after it died. */
export class BrowserSupervisor implements AsyncDisposable {
  readonly #options: LaunchOptions;
  readonly #log: Log;
  #launched: Promise<LaunchedBrowser> | undefined;
  /** How the browser that runs now is confined; undefined while none does. */
  confinement: Confinement | undefined;
  /** How often it was started so far. */
  starts = 0;
  #failures = 0;
  #nextTryAt = 0;
  #isRunning = false;
  /** Since when it does not start, on the clock of performance.now(), and why; undefined after a start. */
  outage: { readonly sinceMs: number; readonly reason: string } | undefined;
  readonly #closing = new AbortController();

  constructor(options: LaunchOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  /** @throws GatewayError `browser_unavailable`: it does not start, or did not a moment ago and is left alone for now. */
  async browser(): Promise<Browser> {
    if (this.#closing.signal.aborted) throw new GatewayError("server_shutting_down", "The gateway is shutting down.");
    if (!this.#launched) {
      // Before the launch begins, and not within it: what fails at once would be kept as the browser for good.
      this.#assertMayTry();
      this.#launched = this.#launch();
    }
    return (await this.#launched).browser;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The main process of the Chromium that runs now, if one does. */
  async pid(): Promise<number | undefined> {
    return (await this.#launched?.catch(() => undefined))?.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const launched = await this.#launched?.catch(() => undefined);
    await launched?.close();
  }

  async #launch(): Promise<LaunchedBrowser> {
    try {
      const launched = await launchBrowser(this.#options, this.#closing.signal);
      this.#failures = 0;
      this.outage = undefined;
      this.#isRunning = true;
      this.starts += 1;
      // Nothing is awaited in between: one that freezes now has nobody else to notice.
      const heartbeat = new Heartbeat(launched.cdp, launched.pid, () => {
        this.#log.warn({ pid: launched.pid }, "chromium is frozen; it is killed");
        launched.kill();
      });
      launched.browser.once("disconnected", () => {
        heartbeat[Symbol.dispose]();
        this.#onDisconnected(launched);
      });
      this.#tellStarted(launched);
      return launched;
    } catch (cause) {
      this.#launched = undefined;
      this.#nextTryAt = performance.now() + Math.min(FIRST_BACKOFF_MS * 2 ** this.#failures, MAX_BACKOFF_MS);
      this.#failures += 1;
      this.outage = { sinceMs: this.outage?.sinceMs ?? performance.now(), reason: GatewayError.from(cause).message };
      if (!this.#closing.signal.aborted) this.#log.error({ err: cause }, "chromium did not start");
      throw cause;
    }
  }

  #tellStarted({ pid, browser, confinement }: LaunchedBrowser): void {
    this.confinement = confinement;
    const { isSandboxed, userId, reason } = confinement;
    this.#log.info(
      { pid, version: browser.version(), sandbox: isSandboxed ? "on" : "off", userId },
      "chromium started",
    );
    if (isSandboxed) return;
    this.#log.warn(
      { pid, userId, reason },
      "chromium runs without its sandbox: a page that breaks in has its user's rights",
    );
  }

  #assertMayTry(): void {
    const waitMs = this.#nextTryAt - performance.now();
    if (waitMs <= 0) return;
    throw new GatewayError("browser_unavailable", "Chromium did not start a moment ago; it is tried again soon.", {
      retryAfterMs: waitMs,
    });
  }

  #onDisconnected(launched: LaunchedBrowser): void {
    this.#launched = undefined;
    this.confinement = undefined;
    this.#isRunning = false;
    if (this.#closing.signal.aborted) return;
    this.#log.warn({ pid: launched.pid }, "chromium is gone; it is started again when next needed");
    // Takes what is left of its process group and its scratch folder.
    void launched.close();
  }
}
