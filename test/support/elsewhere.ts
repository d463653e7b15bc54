import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { testCertificate } from "./certificate.ts";

/** What the other server answers a prompt. */
export const HIJACKED = "This is another server's answer.";

const ANSWERS: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "/api/chatWithText": ["text/plain;charset=utf-8", HIJACKED],
  "/api/auth/session": ["application/json", '{"user":{"name":"anybody"}}'],
};

export interface Noted {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/**
 * Another HTTPS server that speaks the chat site's API to anybody, whatever page asks, and notes all that it is sent.
 * Chromium must be told to trust its key.
 */
export class Elsewhere implements AsyncDisposable {
  readonly noted: Noted[] = [];
  readonly spkiHash: string;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<{ destroy(): unknown }>();
  /** Its page, at every path. */
  html = "<!doctype html><title>Elsewhere</title>";

  private constructor(server: Http2SecureServer, spkiHash: string) {
    this.#server = server;
    this.spkiHash = spkiHash;
  }

  static async start(): Promise<Elsewhere> {
    const { key, cert, spkiHash } = await testCertificate();
    const server = createSecureServer({ key, cert, allowHTTP1: true });
    const elsewhere = new Elsewhere(server, spkiHash);
    server.on("connection", (socket) => elsewhere.#sockets.add(socket));
    server.on("sessionError", () => {});
    server.on("request", (request, response) => void elsewhere.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return elsewhere;
  }

  /** Not the site's host, since cookies do not tell ports apart. */
  get origin(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** The same server by another name of the simulated site's. */
  originAs(host: string): string {
    return `https://${host}:${this.#port}`;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What was sent here that holds this text, wherever it stands. */
  sent(text: string): Noted[] {
    return this.noted.filter(({ path, body }) => body.includes(text) || decodeURIComponent(path).includes(text));
  }

  /** What was asked of the API here, by a page or by the gateway. */
  get askedPaths(): string[] {
    return this.noted.filter(({ path }) => path.startsWith("/api/")).map(({ method, path }) => `${method} ${path}`);
  }

  async #answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const { method, url: path, headers } = request;
    this.noted.push({ method, path, body: await bodyOf(request) });
    response.setHeader("access-control-allow-origin", headers.origin ?? "*");
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("access-control-allow-headers", "content-type, accept");
    const [type, text] = ANSWERS[path] ?? ["text/html", this.html];
    response.setHeader("content-type", type);
    response.end(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

async function bodyOf(request: Http2ServerRequest): Promise<string> {
  let text = "";
  for await (const piece of request) text += String(piece);
  return text;
}
