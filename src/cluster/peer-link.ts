import { request as httpRequest, type Agent, type ClientRequest, type OutgoingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { DistantOutlook } from "../pool/distant-account.ts";
import type { ToldAccounts } from "../pool/pool-share.ts";
import { SILENT_MS } from "./door-watch.ts";
import type { ExchangeAuth } from "./exchange-auth.ts";
import type { Peer } from "./directory.ts";
import { LINE_HEADER } from "./internal-server.ts";
import { answerOf } from "./peer-answer.ts";
import { OUTLOOK_PATH } from "./protocol.ts";

export interface PeerLinkParts {
  readonly auth: Pick<ExchangeAuth, "headersFor">;
  readonly agent: Agent;
  /** Called when what the peer told last may have changed. */
  readonly onOutlook: () => void;
  readonly everyMs?: number | undefined;
  readonly silentMs?: number | undefined;
}

const EVERY_MS = 1_000;
const ANSWER_LIMIT_MS = 2_000;
/** A timer that is so late tells that this process itself stood still. */
const STOOD_STILL_MS = 2_000;
/** 200 bytes an account. */
const OUTLOOK_BYTES = 16_777_216;
const NOTHING: ToldAccounts = { accounts: [], leaving: [], unable: [] };

/** This replica's view of a peer: what its accounts are like, and whether it answers. */
export class PeerLink implements Disposable {
  readonly peer: Peer;
  /** Resolves when it has told of its accounts for the first time, or has failed to. */
  readonly asked: Promise<void>;
  readonly #parts: PeerLinkParts;
  readonly #closed = new AbortController();
  #lost = new AbortController();
  #silence: NodeJS.Timeout;
  #outlooks: readonly DistantOutlook[] = [];
  /** What it told of its accounts last; nothing once it is lost. */
  told = NOTHING;
  /** Accounts that were asked for since it told last. */
  #taken = 0;
  #isAnswering = false;

  constructor(peer: Peer, parts: PeerLinkParts) {
    this.peer = peer;
    this.#parts = parts;
    this.#silence = this.#listen();
    const asked = Promise.withResolvers<void>();
    this.asked = asked.promise;
    void this.#follow(asked.resolve).finally(asked.resolve);
  }

  /** Its accounts that may soon serve, as it told last; none once it is lost. */
  get outlooks(): readonly DistantOutlook[] {
    return this.#outlooks;
  }

  /** Whether it answered lately. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Aborts when it does not answer any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** How many accounts could serve now, as far as is known. */
  countReady(accepts: (account: DistantOutlook) => boolean): number {
    return this.#outlooks.filter((one) => one.state === "ready" && accepts(one)).length - this.#taken;
  }

  countAsleep(accepts: (account: DistantOutlook) => boolean): number {
    return this.#outlooks.filter((one) => one.state === "idle" && accepts(one)).length;
  }

  /** One of its ready accounts is asked for. */
  take(): void {
    this.#taken += 1;
  }

  /**
   * It broke a connection, or does not answer: it is asked for nothing until it answers again. Requests still wait for its
   * accounts, until it is lost.
   */
  doubt(): void {
    this.#isAnswering = false;
  }

  /** Sends the first line; more may be written. Errors come as the request's events. */
  ask(path: string, line: object): ClientRequest {
    const firstLine = JSON.stringify(line);
    const headers = this.#parts.auth.headersFor(this.peer, { path, firstLine });
    const url = new URL(path, this.peer.url);
    const asked = httpRequest(url, { method: "POST", agent: this.#parts.agent, headers });
    // Without a listener, a connection that breaks would end the process.
    asked.on("error", () => {});
    asked.write(`${firstLine}\n`);
    return asked;
  }

  /** Asks for a connection of another protocol. The request's events tell what becomes of it. */
  upgrade(path: string, line: object, headers: OutgoingHttpHeaders): ClientRequest {
    const firstLine = JSON.stringify(line);
    const proof = this.#parts.auth.headersFor(this.peer, { path, firstLine });
    const all = { ...headers, ...proof, [LINE_HEADER]: Buffer.from(firstLine).toString("base64url") };
    const asked = httpRequest(new URL(path, this.peer.url), { method: "GET", agent: false, headers: all });
    asked.on("error", () => {});
    asked.end();
    return asked;
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    clearTimeout(this.#silence);
    this.#lose();
  }

  async #follow(onAsked: () => void): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const told = await this.#outlook().catch(() => undefined);
      if (signal.aborted) return;
      if (told) this.#note(told);
      else this.doubt();
      onAsked();
      await delay(this.#parts.everyMs ?? EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** @throws Error when the peer does not answer, or refuses. */
  async #outlook(): Promise<ToldAccounts | undefined> {
    const asked = this.ask(OUTLOOK_PATH, {});
    asked.end();
    const late = setTimeout(() => asked.destroy(), ANSWER_LIMIT_MS);
    try {
      const lines = await answerOf(asked, OUTLOOK_BYTES);
      const told = await lines.next<ToldAccounts>();
      // The connection serves again when its answer was read to the end.
      await lines.drain();
      return told;
    } finally {
      clearTimeout(late);
    }
  }

  #note(told: ToldAccounts): void {
    this.#isAnswering = true;
    this.told = told;
    const toldMs = performance.now();
    this.#outlooks = told.accounts.map((outlook) => ({
      ...outlook,
      isInService: true,
      get ageMs() {
        return performance.now() - toldMs;
      },
    }));
    this.#taken = 0;
    if (this.#lost.signal.aborted) this.#lost = new AbortController();
    clearTimeout(this.#silence);
    this.#silence = this.#listen();
    this.#parts.onOutlook();
  }

  #lose(): void {
    this.#isAnswering = false;
    this.told = NOTHING;
    this.#outlooks = [];
    this.#parts.onOutlook();
    this.#lost.abort(silent());
  }

  #listen(): NodeJS.Timeout {
    const silentMs = this.#parts.silentMs ?? SILENT_MS;
    const heardMs = performance.now();
    const onSilence = (): void => {
      // What was said while this process stood still is not read yet.
      const hasStoodStill = performance.now() - heardMs > silentMs + STOOD_STILL_MS;
      if (hasStoodStill) this.#silence = setTimeout(() => this.#lose(), ANSWER_LIMIT_MS).unref();
      else this.#lose();
    };
    return setTimeout(onSilence, silentMs).unref();
  }
}

function silent(): GatewayError {
  return new GatewayError("replica_lost", "The replica that has the account does not answer.");
}
