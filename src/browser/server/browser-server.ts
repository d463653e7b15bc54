import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { GatewayError } from "../../errors.ts";
import type { Log } from "../../observe/log.ts";
import type { MemoryPressure } from "../../process/memory-pressure.ts";
import { makeTempDir } from "../../process/temp-dir.ts";
import type { LaunchOptions } from "../launch.ts";
import { ServedBrowser } from "./served-browser.ts";

/** A gateway asks its browsers for a sign of life four times a second. */
const SILENCE_LIMIT_MS = 30_000;
const LINGER_MS = 1_000;
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };

export interface BrowserServerParts {
  readonly browser: LaunchOptions;
  /** The path at which browsers are given, without its slash. */
  readonly token: string;
  readonly memory: Pick<MemoryPressure, "isTight">;
  readonly log: Log;
  /** How long a gateway may send nothing; 30 s unless given. */
  readonly silenceLimitMs?: number;
}

/**
 * Gives each connection a Chromium of its own, which ends with the connection. It speaks the protocol of `playwright
 * run-server`; what is started, and how it is confined, is decided here and not by the client.
 */
export class BrowserServer implements AsyncDisposable {
  readonly http: Server;
  readonly #parts: BrowserServerParts;
  readonly #sockets: string;
  readonly #connections = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #playwright = versionOfPlaywright();

  private constructor(parts: BrowserServerParts, sockets: string) {
    this.#parts = parts;
    this.#sockets = sockets;
    this.http = createServer(TIMEOUTS, ({ url }, response) => {
      const isProbe = url === "/livez";
      response.writeHead(isProbe ? 200 : 404, { "content-type": "application/json" });
      response.end(isProbe ? '{"status":"ok"}' : '{"status":"not found"}');
    });
    this.http.on("upgrade", (request, socket: Socket, head) => this.#upgrade(request, socket, head));
  }

  /** Listens as soon as `http` does. */
  static async open(parts: BrowserServerParts): Promise<BrowserServer> {
    return new BrowserServer(parts, await makeTempDir("s-"));
  }

  /** Ends every browser. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.http.close();
    this.http.closeAllConnections();
    await Promise.all(this.#connections);
  }

  #upgrade(request: IncomingMessage, client: Socket, head: Buffer): void {
    client.on("error", () => client.destroy());
    const refusal = this.#refusalOf(request);
    if (refusal) return refuse(client, ...refusal);
    const connection = this.#serve(request, client, head);
    this.#connections.add(connection);
    void connection.finally(() => this.#connections.delete(connection));
  }

  #refusalOf({ url = "", headers }: IncomingMessage): [status: number, message: string] | undefined {
    const { token, memory } = this.#parts;
    if (!isSame(url.split("?", 1)[0] ?? "", `/${token}`)) return [404, "There is no browser at this path."];
    const theirs = /^Playwright\/(\d+\.\d+)/.exec(headers["user-agent"] ?? "")?.[1];
    if (theirs !== minorOf(this.#playwright)) {
      const message = `Playwright version mismatch: the browser server has ${this.#playwright}, the client ${theirs ?? "none"}.`;
      return [428, message];
    }
    return memory.isTight ? [503, "The browser server is short of memory."] : undefined;
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    const { browser: options, log, silenceLimitMs = SILENCE_LIMIT_MS } = this.#parts;
    const from = client.remoteAddress;
    const left = new AbortController();
    client.once("close", () => left.abort());
    let silence: NodeJS.Timeout | undefined;
    try {
      const signal = AbortSignal.any([left.signal, this.#stopping.signal]);
      await using browser = await ServedBrowser.start(options, this.#sockets, signal);
      const { pid, confinement } = browser;
      const fields = { from, pid };
      const { isSandboxed, userId, reason } = confinement;
      log.info({ ...fields, sandbox: isSandboxed ? "on" : "off", userId, reason }, "chromium started for a gateway");
      silence = setTimeout(() => client.destroy(), silenceLimitMs);
      client.on("data", () => silence?.refresh());
      const onStopping = (): void => void client.destroy();
      this.#stopping.signal.addEventListener("abort", onStopping);
      if (this.#stopping.signal.aborted) onStopping();
      await browser.serve(request, client, head);
      this.#stopping.signal.removeEventListener("abort", onStopping);
      log.info({ ...fields, isCrash: browser.gone.signal.aborted }, "chromium ended with its connection");
    } catch (cause) {
      if (!left.signal.aborted) log.error({ err: cause, from }, "chromium did not start");
      refuse(client, 500, GatewayError.from(cause).message);
    } finally {
      clearTimeout(silence);
    }
  }
}

function refuse(client: Socket, status: number, message: string): void {
  if (client.destroyed) return;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(message)}`,
    "connection: close",
  ];
  client.end(`${head.join("\r\n")}\r\n\r\n${message}`);
  setTimeout(() => client.destroy(), LINGER_MS).unref();
}

/** Takes as long for every text. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function versionOfPlaywright(): string {
  const told = createRequire(import.meta.url)("playwright/package.json") as { readonly version: string };
  return told.version;
}

function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
