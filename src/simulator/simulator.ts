import { createHash, X509Certificate } from "node:crypto";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { generate } from "selfsigned";
import { Accounts, parseCookies, REMOVED_SESSION_COOKIE, sessionCookie, sessionExpires } from "./accounts.ts";
import { answer } from "./answer.ts";
import { Challenge, SOLUTION_PATH, type ChallengeOptions } from "./challenge.ts";
import { faultIn, type Fault } from "./fault.ts";
import { Record, type Post } from "./record.ts";

export interface SimulatorOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly challenge?: ChallengeOptions;
}

interface PlannedFault {
  readonly account?: string;
  times: number;
  readonly fault: Fault;
}

const MAX_PROMPT_BYTES = 64 * 1024 * 1024;

/** A simulated chat site on localhost, with faults on demand. */
export class Simulator implements AsyncDisposable {
  readonly accounts = new Accounts();
  readonly challenge: Challenge;
  readonly record = new Record();
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #planned: PlannedFault[] = [];
  /** What Chromium is to trust, and nothing else. */
  readonly #spkiHash: string;

  private constructor(server: Http2SecureServer, spkiHash: string, options: SimulatorOptions) {
    this.#server = server;
    this.#spkiHash = spkiHash;
    this.challenge = new Challenge(options.challenge ?? {});
  }

  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
      keyType: "ec",
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
    });
    const spki = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
    const server = createSecureServer({ key, cert, allowHTTP1: true });
    const simulator = new Simulator(server, createHash("sha256").update(spki).digest("base64"), options);
    server.on("request", (request, response) => void simulator.#serve(request, response));
    server.on("secureConnection", (socket) => {
      simulator.#sockets.add(socket);
      socket.once("close", () => simulator.#sockets.delete(socket));
    });
    // A client that breaks off is what this site is for.
    server.on("sessionError", () => {});
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, "127.0.0.1", resolve);
    });
    return simulator;
  }

  get origin(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For BROWSER_ARGS: trust this key only. */
  get browserArgs(): string {
    return `--ignore-certificate-errors-spki-list=${this.#spkiHash}`;
  }

  /** Makes an account and gives its Cookie header, for GPTOMNI_CREDENTIALS. */
  addAccount(name: string): string {
    return this.accounts.add(name, this.origin);
  }

  /** The next prompts of the account, or of anybody, meet this. */
  failNext(fault: Fault, { account, times = 1 }: { readonly account?: string; readonly times?: number } = {}): void {
    this.#planned.push({ ...(account === undefined ? {} : { account }), times, fault });
  }

  get posts(): readonly Post[] {
    return this.record.posts;
  }

  concurrency(account: string): number {
    return this.record.concurrency(account);
  }

  maxConcurrency(account: string): number {
    return this.record.maxConcurrency(account);
  }

  waitForPost(holds: (post: Post) => boolean, limitMs: number): Promise<Post> {
    return this.record.waitFor(holds, limitMs);
  }

  waitForAbort(holds: (post: Post) => boolean, limitMs: number): Promise<Post> {
    return this.record.waitFor((post) => post.aborted && holds(post), limitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    response.on("error", () => {});
    const url = new URL(request.url, this.origin);
    const cookies = parseCookies(request.headers.cookie);
    const account = this.accounts.nameOf(cookies);
    if (request.method === "POST" && url.pathname === SOLUTION_PATH) return this.#clear(request, response);
    if (request.method === "POST" && url.pathname === "/api/chatWithText") return this.#chat(request, response);
    if (this.challenge.isDue(cookies)) return this.#demand(response);
    if (url.pathname === "/api/auth/session") return this.#session(response, account);
    if (url.pathname === "/zh") {
      this.record.pageLoads += 1;
      const who = account === undefined ? "not signed in" : `signed in as ${account}`;
      return send(
        response,
        200,
        "text/html; charset=utf-8",
        `<!doctype html><html><head><title>Simulated chat site</title></head><body><h1>Simulated chat site</h1><p>You are ${who}.</p></body></html>`,
      );
    }
    if (url.pathname === "/") {
      response.setHeader("location", "/zh");
      return send(response, 307, "text/plain", "");
    }
    return send(response, 404, "text/plain", "not found");
  }

  #session(response: Http2ServerResponse, account: string | undefined): void {
    if (account === undefined) return send(response, 200, "application/json", "{}");
    response.setHeader("set-cookie", sessionCookie(this.accounts.rotate(account)));
    const user = { name: account, email: `${account}@example.com` };
    return send(response, 200, "application/json", JSON.stringify({ user, expires: sessionExpires().toISOString() }));
  }

  async #chat(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const { headers, httpVersion } = request;
    const prompt = promptOf(await bodyOf(request));
    const cookies = parseCookies(headers.cookie);
    const account = this.accounts.nameOf(cookies);
    const post = this.record.begin({ account, prompt: prompt ?? "", headers, httpVersion });
    // Over HTTP/2 Node reports `finish` for a broken stream too, so what counts is whether the answer was ended.
    response.once("close", () => this.record.end(post, response.writableEnded));
    const fault = this.#takePlanned(account) ?? faultIn(post.prompt);
    if (fault.challenge || this.challenge.isDue(cookies)) return this.#demand(response);
    const refused = this.#refusal(headers, account, prompt);
    if (fault.signOut && account !== undefined) {
      this.accounts.signOut(account);
      response.setHeader("set-cookie", REMOVED_SESSION_COOKIE);
    }
    await answer({ request, response, post, fault: refused === undefined ? fault : { status: refused } });
  }

  /** As the site's own page asks, and nobody else. */
  #refusal(
    headers: Http2ServerRequest["headers"],
    account: string | undefined,
    prompt: string | undefined,
  ): number | undefined {
    if (headers.origin !== this.origin || headers["sec-fetch-site"] !== "same-origin") return 403;
    if (account === undefined) return 401;
    return prompt === undefined || headers["content-type"] !== "text/plain;charset=UTF-8" ? 400 : undefined;
  }

  #takePlanned(account: string | undefined): Fault | undefined {
    const index = this.#planned.findIndex((plan) => plan.account === undefined || plan.account === account);
    const plan = this.#planned[index];
    if (!plan) return undefined;
    plan.times -= 1;
    if (plan.times <= 0) this.#planned.splice(index, 1);
    return plan.fault;
  }

  #demand(response: Http2ServerResponse): void {
    response.setHeader("cf-mitigated", "challenge");
    return send(response, 403, "text/html; charset=utf-8", this.challenge.page());
  }

  async #clear(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const clearance = this.challenge.clear(JSON.parse(await bodyOf(request)) as object);
    if (clearance === undefined) return send(response, 403, "text/plain", "wrong");
    response.setHeader("set-cookie", clearance);
    return send(response, 200, "text/plain", "ok");
  }
}

function send(response: Http2ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.end(body);
}

async function bodyOf(request: Http2ServerRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_PROMPT_BYTES) break;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function promptOf(body: string): string | undefined {
  try {
    const { prompt } = JSON.parse(body) as { prompt?: unknown };
    return typeof prompt === "string" ? prompt : undefined;
  } catch {
    return undefined;
  }
}
