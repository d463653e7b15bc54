import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** A proxy that lets nothing out, and remembers which hosts were asked for. */
export class Outside implements AsyncDisposable {
  readonly #server: Server;
  readonly #hosts = new Set<string>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      this.#hosts.add(URL.parse(request.url ?? "")?.host ?? request.headers.host ?? "");
      response.writeHead(502).end();
    });
    server.on("connect", (request, socket) => {
      this.#hosts.add((request.url ?? "").replace(/:443$/, ""));
      socket.on("error", () => {});
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
  }

  static async open(): Promise<Outside> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Outside(server);
  }

  /** Variables by which a program finds the proxy, for everything but this machine. */
  get environment(): Readonly<Record<string, string>> {
    const proxy = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const loopback = "127.0.0.1,localhost,::1";
    return {
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      http_proxy: proxy,
      https_proxy: proxy,
      NO_PROXY: loopback,
      no_proxy: loopback,
    };
  }

  /** The hosts asked for since the last time. */
  take(): readonly string[] {
    const hosts = [...this.#hosts].toSorted();
    this.#hosts.clear();
    return hosts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
