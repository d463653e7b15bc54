import type { Browser } from "playwright";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { backoffMs } from "../process/backoff.ts";
import type { BrowserDeath, BrowserHandle, BrowserProvider, Confinement } from "./provider.ts";

const BACKOFF = { first: 1_000, factor: 2, max: 60_000 };

/** Keeps one browser running: opens it when it is first needed, and again after it died. */
export class BrowserSupervisor implements AsyncDisposable {
  readonly #provider: BrowserProvider;
  readonly #log: Log;
  #opened: Promise<BrowserHandle> | undefined;
  #running: BrowserHandle | undefined;
  /** How often a browser was started so far. */
  starts = 0;
  #failures = 0;
  #nextTryAt = 0;
  /** Since when no browser starts, on the clock of performance.now(), and why; undefined after a start. */
  outage: { readonly sinceMs: number; readonly reason: string } | undefined;
  /** Until what the last dead browser left is removed. */
  #removing: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(provider: BrowserProvider, log: Log) {
    this.#provider = provider;
    this.#log = log;
  }

  /**
   * The browser, which is started if none runs.
   * @throws GatewayError `browser_unavailable` when it does not start, or failed to start a moment ago.
   */
  async browser(): Promise<Browser> {
    if (this.#closing.signal.aborted) throw new GatewayError("server_shutting_down", "The gateway is shutting down.");
    if (!this.#opened) {
      // Checked before the start and not as a part of it, because a failure would be kept as the browser forever.
      this.#assertMayTry();
      this.#opened = this.#open();
    }
    return (await this.#opened).browser;
  }

  /** What the operator should know of the browser that runs now. */
  get notes(): readonly string[] {
    return this.#running?.notes ?? [];
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** How the browser that runs now is confined; undefined while none runs, or where that is not known. */
  get confinement(): Confinement | undefined {
    return this.#running?.confinement;
  }

  /** What the browser holds of this machine's memory; undefined while none runs, or where that is not known. */
  async memoryBytes(): Promise<number | undefined> {
    return this.#running?.memoryBytes?.();
  }

  /** What the log calls the browser by that runs now, or that is being started. */
  async logFields(): Promise<BrowserHandle["logFields"] | undefined> {
    return (await this.#opened?.catch(() => undefined))?.logFields;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const opened = await this.#opened?.catch(() => undefined);
    await Promise.all([opened?.close(), this.#removing]);
  }

  async #open(): Promise<BrowserHandle> {
    try {
      const handle = await this.#provider.open(this.#closing.signal);
      this.#failures = 0;
      this.outage = undefined;
      this.#running = handle;
      this.starts += 1;
      // Nothing is awaited in between: nobody else would notice a browser that dies now.
      handle.watch((death) => this.#onDead(handle, death));
      this.#logStart(handle);
      return handle;
    } catch (cause) {
      this.#opened = undefined;
      this.#nextTryAt = performance.now() + backoffMs(this.#failures, BACKOFF);
      this.#failures += 1;
      this.outage = { sinceMs: this.outage?.sinceMs ?? performance.now(), reason: GatewayError.from(cause).message };
      if (!this.#closing.signal.aborted) this.#log.error({ err: cause }, "chromium did not start");
      throw cause;
    }
  }

  #logStart({ logFields, browser, confinement, notes = [] }: BrowserHandle): void {
    const sandbox = confinement === undefined ? "unknown" : confinement.isSandboxed ? "on" : "off";
    const { userId, reason } = confinement ?? {};
    this.#log.info({ ...logFields, version: browser.version(), sandbox, userId }, "chromium started");
    for (const note of notes) this.#log.warn(logFields, note);
    if (sandbox !== "off") return;
    this.#log.warn(
      { ...logFields, userId, reason },
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

  #onDead(handle: BrowserHandle, death: BrowserDeath): void {
    this.#opened = undefined;
    this.#running = undefined;
    if (this.#closing.signal.aborted) return;
    if (death === "frozen") {
      this.#log.warn(handle.logFields, "chromium is frozen; it is killed");
      handle.kill();
    }
    this.#log.warn(handle.logFields, "chromium is gone; it is started again when next needed");
    this.#removing = handle.close();
  }
}
