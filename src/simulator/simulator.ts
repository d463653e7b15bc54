import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Accounts, parseCookies, type RotationOptions } from "./accounts.ts";
import { answer } from "./reply.ts";
import { bodyOf, fieldsOf } from "./body.ts";
import { makeCertificate, type Certificate } from "./certificate.ts";
import { Challenge, SOLUTION_PATH, type ChallengeOptions } from "./challenge.ts";
import { chatPage } from "./chat-page.ts";
import { faultIn, type Fault } from "./fault.ts";
import { FaultPlan, type PlanOptions } from "./fault-plan.ts";
import { Record, type Post } from "./record.ts";
import { scriptIn } from "./script.ts";
import { SignIn } from "./sign-in.ts";
import { HTML_TYPE, send, sendPage, type SitePage } from "./site-page.ts";
import { GPTOMNI_FORMAT, refusalOf, type SiteFormat } from "./site-format.ts";
import { SiteServer } from "./site-server.ts";

export interface SimulatorOptions extends RotationOptions {
  /** Which site it is; gptomni unless given. */
  readonly format?: SiteFormat;
  /** The default, 0, takes a free port. */
  readonly port?: number;
  /** The address to listen at; default 127.0.0.1. */
  readonly host?: string;
  /** A fresh one unless given. */
  readonly certificate?: Certificate;
  readonly challenge?: ChallengeOptions;
  /** Pause between the chunks of an answer; default 15. */
  readonly chunkDelayMs?: number;
}

interface Visit {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly path: string;
  readonly cookies: ReadonlyMap<string, string>;
  readonly account: string | undefined;
  /** Aborts when the answer is over or the client has left. */
  readonly gone: AbortSignal;
}

const DEFAULT_CHUNK_DELAY_MS = 15;

/** A simulated chat site on localhost, with faults on demand. */
export class Simulator implements AsyncDisposable {
  readonly accounts: Accounts;
  readonly challenge: Challenge;
  readonly signIn: SignIn;
  readonly record = new Record();
  /** Pages that replace the site's own, by path. */
  readonly pages = new Map<string, SitePage>();
  readonly #server: SiteServer;
  readonly #format: SiteFormat;
  readonly #plan = new FaultPlan();
  readonly #chunkDelayMs: number;

  private constructor(server: SiteServer, options: SimulatorOptions) {
    this.#server = server;
    this.#format = options.format ?? GPTOMNI_FORMAT;
    this.accounts = new Accounts(this.#format.sessionCookie, options);
    this.challenge = new Challenge(options.challenge ?? {});
    this.signIn = new SignIn(this.accounts);
    this.#chunkDelayMs = options.chunkDelayMs ?? DEFAULT_CHUNK_DELAY_MS;
  }

  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const { port = 0, host = "127.0.0.1", certificate = await makeCertificate() } = options;
    const server = SiteServer.create(certificate);
    const simulator = new Simulator(server, options);
    await server.listen((request, response) => void simulator.#serve(request, response), port, host);
    return simulator;
  }

  get origin(): string {
    return this.#server.origin;
  }

  /** For BROWSER_ARGS: trusts this server's key and no other. */
  get browserArgs(): string {
    return `--ignore-certificate-errors-spki-list=${this.#server.spkiHash}`;
  }

  /** Makes an account. Returns its Cookie header, for GPTOMNI_CREDENTIALS. */
  addAccount(name: string): string {
    return this.accounts.add(name, new URL(this.#format.homePath, this.origin));
  }

  /** Makes all tokens of the account invalid. */
  signOut(name: string): void {
    this.accounts.signOut(name);
  }

  /** The next prompts, of one account or of any, are answered with this fault. */
  failNext(fault: Fault, options: PlanOptions = {}): void {
    this.#plan.add(fault, options);
  }

  /** From now on every page and prompt needs a new clearance, for one account or for all. */
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
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
      // When the client has left, reading and writing fail as they should. Everything else is a bug of this site.
      if (!left.signal.aborted && !request.destroyed) send(response, 500, "text/plain", String(error));
    }
  }

  async #route(visit: Visit): Promise<void> {
    const { request, response, path, cookies, account } = visit;
    const { homePath, promptPath, sessionPath } = this.#format;
    if (request.method === "POST" && path === SOLUTION_PATH) return this.#clear(visit);
    if (request.method === "POST" && path === promptPath) return this.#chat(visit);
    if (this.challenge.isDue(cookies, account)) return this.#demand(visit);
    const page = this.pages.get(path);
    if (path === homePath) this.record.pageLoads += 1;
    if (page) return sendPage(response, page);
    if (path === sessionPath) return this.#session(visit);
    if (path === homePath) return send(response, 200, HTML_TYPE, chatPage(account));
    if (await this.signIn.serve(visit)) return undefined;
    if (path === "/") response.setHeader("location", homePath);
    return path === "/" ? send(response, 307, "text/plain", "") : send(response, 404, "text/plain", "not found");
  }

  #session({ response, account }: Visit): void {
    this.record.signInChecks += 1;
    if (account !== undefined) {
      response.setHeader("set-cookie", this.accounts.sessionCookie(this.accounts.rotate(account)));
    }
    const { status, body } = this.#format.sessionOf(account, this.accounts.sessionExpires());
    return send(response, status, "application/json", JSON.stringify(body));
  }

  async #chat(visit: Visit): Promise<void> {
    const { request, response, cookies, account, gone } = visit;
    const { headers, httpVersion } = request;
    const prompt = this.#format.promptIn(await bodyOf(request));
    if (gone.aborted) return;
    const record = this.record;
    const text = prompt ?? "";
    const { remotePort: port } = request.socket;
    const post = record.begin({ account, port, prompt: text, headers, httpVersion });
    // Over HTTP/2 Node reports `finish` for a broken stream too, so what counts is whether the answer was ended.
    gone.addEventListener("abort", () => record.end(post, response.writableEnded ? "complete" : "left"));
    const fault = this.#plan.take(account) ?? scriptIn(text) ?? faultIn(text);
    if (fault.challenge || this.challenge.isDue(cookies, account)) return this.#demand(visit, post);
    const refused = refusalOf({ headers, account, prompt, origin: this.origin }, this.#format.promptType);
    if (refused === undefined) this.#setToken(visit, fault);
    const met = refused === undefined ? fault : { status: refused };
    await answer({ request, response, post, record, fault: met, chunkDelayMs: this.#chunkDelayMs }, gone);
  }

  #setToken({ response, account }: Visit, fault: Fault): void {
    // Where no head is sent, no token is.
    if (account === undefined || fault.resetBeforeHeaders) return;
    if (fault.signOut) {
      this.accounts.signOut(account);
      response.setHeader("set-cookie", this.accounts.removedSessionCookie);
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
