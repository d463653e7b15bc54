import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Accounts, parseCookies, REMOVED_SESSION_COOKIE, type RotationOptions } from "./accounts.ts";
import { answer } from "./reply.ts";
import { bodyOf, fieldsOf } from "./body.ts";
import { makeCertificate } from "./certificate.ts";
import { Challenge, SOLUTION_PATH, type ChallengeOptions } from "./challenge.ts";
import { chatPage } from "./chat-page.ts";
import { faultIn, type Fault } from "./fault.ts";
import { FaultPlan, type PlanOptions } from "./fault-plan.ts";
import { floodWithFrames } from "./frame-flood.ts";
import { Record, type Post } from "./record.ts";
import { scriptIn } from "./script.ts";
import type { SitePage } from "./site-page.ts";

export interface SimulatorOptions extends RotationOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Where to listen; 127.0.0.1 unless told. */
  readonly host?: string;
  readonly challenge?: ChallengeOptions;
  /** Between the chunks of an answer; 15 unless told. */
  readonly chunkDelayMs?: number;
}

interface Visit {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly path: string;
  readonly cookies: ReadonlyMap<string, string>;
  readonly account: string | undefined;
  /** The answer is over, or the client has left. */
  readonly gone: AbortSignal;
}

const DEFAULT_CHUNK_DELAY_MS = 15;
const CHAT_PATH = "/api/chatWithText";
const HTML_TYPE = "text/html; charset=utf-8";

/** A simulated chat site on localhost, with faults on demand. */
export class Simulator implements AsyncDisposable {
  readonly accounts: Accounts;
  readonly challenge: Challenge;
  readonly record = new Record();
  /** Pages in place of the site's own, by path. */
  readonly pages = new Map<string, SitePage>();
  /** Base64; what Chromium is to trust, and nothing else. */
  readonly spkiHash: string;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #plan = new FaultPlan();
  readonly #chunkDelayMs: number;
  #port = 0;

  private constructor(server: Http2SecureServer, spkiHash: string, options: SimulatorOptions) {
    this.#server = server;
    this.spkiHash = spkiHash;
    this.accounts = new Accounts(options);
    this.challenge = new Challenge(options.challenge ?? {});
    this.#chunkDelayMs = options.chunkDelayMs ?? DEFAULT_CHUNK_DELAY_MS;
  }

  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const { key, cert, spkiHash } = await makeCertificate();
    const server = createSecureServer({ key, cert, allowHTTP1: true });
    const simulator = new Simulator(server, spkiHash, options);
    await simulator.#listen(options.port ?? 0, options.host ?? "127.0.0.1");
    return simulator;
  }

  get origin(): string {
    return `https://localhost:${this.#port}`;
  }

  /** For BROWSER_ARGS: trust this key only. */
  get browserArgs(): string {
    return `--ignore-certificate-errors-spki-list=${this.spkiHash}`;
  }

  /** Makes an account and gives its Cookie header, for GPTOMNI_CREDENTIALS. */
  addAccount(name: string): string {
    return this.accounts.add(name, this.origin);
  }

  /** None of the account's tokens holds any more. */
  signOut(name: string): void {
    this.accounts.signOut(name);
  }

  /** The next prompts of the account, or of anybody, meet this. */
  failNext(fault: Fault, options: PlanOptions = {}): void {
    this.#plan.add(fault, options);
  }

  /** From now on every page and prompt needs a new clearance: the account's, or everybody's. */
  challengeAll(options: ChallengeOptions = {}, account?: string): void {
    this.challenge.demand(options, account);
  }

  get posts(): readonly Post[] {
    return this.record.posts;
  }

  get pageLoads(): number {
    return this.record.pageLoads;
  }

  get signInChecks(): number {
    return this.record.signInChecks;
  }

  concurrency(account: string): number {
    return this.record.concurrency(account);
  }

  maxConcurrency(account: string): number {
    return this.record.maxConcurrency(account);
  }

  waitForPost(holds: (post: Post) => boolean, limit: number | AbortSignal): Promise<Post> {
    return this.record.waitFor(holds, limit);
  }

  waitForAbort(holds: (post: Post) => boolean, limit: number | AbortSignal): Promise<Post> {
    return this.record.waitFor((post) => post.aborted && holds(post), limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listen(port: number, host: string): Promise<void> {
    const server = this.#server;
    server.on("request", (request, response) => void this.#serve(request, response));
    const keep = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    };
    // The bare connection too, as one that never ends its handshake would hold up the disposal.
    server.on("connection", keep).on("secureConnection", keep);
    server.on("upgrade", floodWithFrames);
    // A client that breaks off is what this site is for.
    server.on("sessionError", () => {});
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const left = new AbortController();
    response.once("close", () => left.abort());
    response.on("error", () => {});
    const cookies = parseCookies(request.headers.cookie);
    const account = this.accounts.nameOf(cookies);
    const path = request.url.replace(/\?.*$/, "");
    try {
      await this.#route({ request, response, path, cookies, account, gone: left.signal });
    } catch (error) {
      // A client that left while it was read or written to is no error; anything else is one of this site's own.
      if (!left.signal.aborted && !request.destroyed) send(response, 500, "text/plain", String(error));
    }
  }

  async #route(visit: Visit): Promise<void> {
    const { request, response, path, cookies, account } = visit;
    if (request.method === "POST" && path === SOLUTION_PATH) return this.#clear(visit);
    if (request.method === "POST" && path === CHAT_PATH) return this.#chat(visit);
    if (this.challenge.isDue(cookies, account)) return this.#demand(visit);
    const page = this.pages.get(path);
    if (path === "/zh") this.record.pageLoads += 1;
    if (page) return sendPage(response, page);
    if (path === "/api/auth/session") return this.#session(visit);
    if (path === "/zh") {
      return send(response, 200, HTML_TYPE, chatPage(account));
    }
    if (path === "/") response.setHeader("location", "/zh");
    return path === "/" ? send(response, 307, "text/plain", "") : send(response, 404, "text/plain", "not found");
  }

  #session({ response, account }: Visit): void {
    this.record.signInChecks += 1;
    if (account === undefined) return send(response, 200, "application/json", "{}");
    response.setHeader("set-cookie", this.accounts.sessionCookie(this.accounts.rotate(account)));
    const user = { name: account, email: `${account}@example.com` };
    return send(
      response,
      200,
      "application/json",
      JSON.stringify({ user, expires: this.accounts.sessionExpires().toISOString() }),
    );
  }

  async #chat(visit: Visit): Promise<void> {
    const { request, response, cookies, account, gone } = visit;
    const { headers, httpVersion } = request;
    const { prompt } = fieldsOf(await bodyOf(request));
    if (gone.aborted) return;
    const record = this.record;
    const text = typeof prompt === "string" ? prompt : "";
    const { remotePort: port } = request.socket;
    const post = record.begin({ account, port, prompt: text, headers, httpVersion });
    // Over HTTP/2 Node reports `finish` for a broken stream too, so what counts is whether the answer was ended.
    gone.addEventListener("abort", () => record.end(post, response.writableEnded ? "complete" : "left"));
    const fault = this.#plan.take(account) ?? scriptIn(text) ?? faultIn(text);
    if (fault.challenge || this.challenge.isDue(cookies, account)) return this.#demand(visit, post);
    const refused = this.#refusal(visit, prompt);
    if (refused === undefined) this.#setToken(visit, fault);
    const met = refused === undefined ? fault : { status: refused };
    await answer({ request, response, post, record, fault: met, chunkDelayMs: this.#chunkDelayMs }, gone);
  }

  /** As the site's own page asks, and nobody else. */
  #refusal({ request: { headers }, account }: Visit, prompt: unknown): number | undefined {
    const isFromPage = headers.origin === this.origin && headers.referer?.startsWith(`${this.origin}/`);
    if (!isFromPage || headers["sec-fetch-site"] !== "same-origin") return 403;
    if (account === undefined) return 401;
    if (typeof prompt !== "string") return 400;
    return headers["content-type"] === "text/plain;charset=UTF-8" ? undefined : 400;
  }

  #setToken({ response, account }: Visit, fault: Fault): void {
    // A head that is never sent brings no token.
    if (account === undefined || fault.resetBeforeHeaders) return;
    if (fault.signOut) {
      this.accounts.signOut(account);
      response.setHeader("set-cookie", REMOVED_SESSION_COOKIE);
      return;
    }
    const token = this.accounts.rotateOnReply(account);
    if (token !== undefined) response.setHeader("set-cookie", this.accounts.sessionCookie(token));
  }

  #demand({ response, account }: Visit, post?: Post): void {
    if (post) this.record.answered(post, this.challenge.headFor(account).status);
    const { status, headers } = this.challenge.headFor(account);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return send(response, status, HTML_TYPE, this.challenge.page(account));
  }

  async #clear({ request, response, account }: Visit): Promise<void> {
    const clearance = this.challenge.clear(fieldsOf(await bodyOf(request)), account);
    if (clearance === undefined) return send(response, 403, "text/plain", "wrong");
    response.setHeader("set-cookie", clearance);
    return send(response, 200, "text/plain", "ok");
  }
}

function sendPage(response: Http2ServerResponse, { status = 200, headers = {}, body = "", isEndless }: SitePage): void {
  response.statusCode = status;
  response.setHeader("content-type", HTML_TYPE);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (!isEndless) response.end(body);
  else if (body !== "") response.write(body);
}

function send(response: Http2ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.end(body);
}
