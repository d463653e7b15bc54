import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Certificate } from "./certificate.ts";
import { floodWithFrames } from "./frame-flood.ts";

type Answer = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** An HTTPS server on this machine for HTTP/2 and HTTP/1.1. */
export class SiteServer implements AsyncDisposable {
  /** Base64; what Chromium is to trust, and nothing else. */
  readonly spkiHash: string;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Http2SecureServer, spkiHash: string) {
    this.#server = server;
    this.spkiHash = spkiHash;
  }

  static create({ key, cert, spkiHash }: Certificate): SiteServer {
    return new SiteServer(createSecureServer({ key, cert, allowHTTP1: true }), spkiHash);
  }

  /** Port 0 takes a free one. */
  async listen(answer: Answer, port: number, host: string): Promise<void> {
    const server = this.#server;
    server.on("request", answer);
    const keep = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    };
    // Bare connections are kept too: one that never ends its handshake would hold up the disposal.
    server.on("connection", keep).on("secureConnection", keep);
    server.on("upgrade", floodWithFrames);
    // Clients that break off are expected here.
    server.on("sessionError", () => {});
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  }

  get origin(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
