import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright";
import { withTimeout } from "../../process/with-timeout.ts";
import { browserCall, PAGE_CALL_LIMIT_MS } from "../browser-call.ts";

/** A picture of a page. */
export interface Picture {
  readonly jpeg: Uint8Array;
  /** The page's size in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** When it was taken, in Unix milliseconds. */
  readonly at: number;
}

const QUALITY = 60;
/** Pictures of larger windows are scaled down to this. */
const MAX_SIZE = { width: 1920, height: 1200 };
/** Ten pictures a second. */
const EVERY_MS = 100;
/** So many pictures come ahead of their confirmation. Chromium does not send later what changed in the meantime. */
const AHEAD = 5;
/** A page that changes sends its next picture sooner. */
const STILL_AFTER_MS = 150;
/** A page that sends no picture at all is asked again, at growing intervals. */
const LONGEST_WAIT_MS = 5_000;

/** Hands on a picture; resolves when the next one may come. Never rejects. */
export type TakePicture = (picture: Picture) => Promise<void>;

/** Pictures of one page, at most ten a second and the newest only. A page that does not change sends none after the first. */
export class Screencast implements AsyncDisposable {
  readonly #page: Page;
  readonly #take: TakePicture;
  readonly #over = new AbortController();
  /** Confirms pictures that came. */
  readonly #unconfirmed: (() => void)[] = [];
  #newest: Picture | undefined;
  #arrival = Promise.withResolvers<void>();
  /** Chromium may not have sent how the page looks now. */
  #mayBeStale = true;

  private constructor(page: Page, take: TakePicture) {
    this.#page = page;
    this.#take = take;
  }

  /** @throws GatewayError `session_lost` */
  static async start(page: Page, take: TakePicture): Promise<Screencast> {
    const screencast = new Screencast(page, take);
    await screencast.#start();
    void screencast.#run();
    return screencast;
  }

  /** Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#arrival.resolve();
    this.#confirmAll();
    await this.#stop();
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#arrived();
      const picture = this.#newest;
      this.#newest = undefined;
      if (picture) await Promise.all([this.#take(picture), delay(EVERY_MS)]);
      // One for one: a page that changes all the time is slowed down to the same pace.
      this.#unconfirmed.shift()?.();
    }
  }

  async #arrived(): Promise<void> {
    if (!(await this.#arrivesWithin(STILL_AFTER_MS))) this.#confirmAll();
    let waitMs = STILL_AFTER_MS;
    while (this.#mayBeStale && !(await this.#arrivesWithin(waitMs))) {
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
      // A screencast begins with a picture of the page as it is.
      await this.#stop();
      if (this.#over.signal.aborted) break;
      // A page that is gone has no pictures. Whoever uses it learns of that elsewhere.
      await this.#start().catch(() => {});
    }
    await this.#arrival.promise;
    if (!this.#over.signal.aborted) this.#arrival = Promise.withResolvers();
  }

  #arrivesWithin(limitMs: number): Promise<boolean> {
    return withTimeout(
      this.#arrival.promise.then(() => true),
      limitMs,
      () => false,
    );
  }

  async #start(): Promise<void> {
    let isFirst = true;
    const started = this.#page.screencast.start({
      size: MAX_SIZE,
      quality: QUALITY,
      onFrame: ({ data, timestamp, viewportWidth, viewportHeight }) => {
        if (this.#over.signal.aborted) return undefined;
        this.#newest = { jpeg: data, width: viewportWidth, height: viewportHeight, at: timestamp };
        const { promise, resolve } = Promise.withResolvers<void>();
        if (isFirst) this.#mayBeStale = false;
        isFirst = false;
        if (this.#unconfirmed.push(resolve) >= AHEAD) this.#mayBeStale = true;
        this.#arrival.resolve();
        return promise;
      },
    });
    await browserCall(PAGE_CALL_LIMIT_MS, "show the page", started);
  }

  async #stop(): Promise<void> {
    await browserCall(PAGE_CALL_LIMIT_MS, "show the page no more", this.#page.screencast.stop()).catch(() => {});
  }

  #confirmAll(): void {
    for (const confirm of this.#unconfirmed.splice(0)) confirm();
  }
}
