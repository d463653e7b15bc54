import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** An HTTP proxy on loopback that takes one user and password, and notes who went where. */
export class PasswordProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** `user:password`; undefined lets everybody through. */
  signIn: string | undefined;
  /** Each tunnel that was asked for: to where, by whom, and whether it came about. */
  readonly tunnels: { readonly to: string; readonly user: string | undefined; readonly isOpen: boolean }[] = [];

  private constructor(signIn: string | undefined) {
    this.signIn = signIn;
    this.#server = createServer((_request, response) => response.writeHead(501).end());
    this.#server.on("connection", (socket) => this.#keep(socket));
    this.#server.on("connect", ({ url = "", headers }, client: Socket) => {
      const encoded = headers["proxy-authorization"]?.replace(/^Basic /, "");
      const given = encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString();
      const isOpen = this.signIn === undefined || given === this.signIn;
      this.tunnels.push({ to: url, user: given?.split(":", 1)[0], isOpen });
      if (!isOpen) {
        client.end(
          'HTTP/1.1 407 Who are you\r\nproxy-authenticate: Basic realm="out"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
        );
        return;
      }
      const [host = "", port] = url.split(":");
      // Chromium's own requests to its maker's servers lead nowhere.
      const site = connect(Number(port), host === "localhost" ? "127.0.0.1" : "0.0.0.0", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        site.pipe(client).pipe(site);
      });
      this.#keep(site);
      site.once("close", () => client.destroy());
      client.once("close", () => site.destroy());
    });
  }

  static async start(signIn?: string): Promise<PasswordProxy> {
    const proxy = new PasswordProxy(signIn);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** As an operator writes it. */
  url(signIn = this.signIn): string {
    const [, user = "", password = ""] = /^([^:]*):(.*)$/.exec(signIn ?? "") ?? [];
    const userInfo = signIn === undefined ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
    return `http://${userInfo}${this.address}`;
  }

  /** Who had a tunnel to the site. */
  usersAt(origin: string): readonly (string | undefined)[] {
    return [
      ...new Set(
        this.tunnels.filter(({ to, isOpen }) => isOpen && to === new URL(origin).host).map(({ user }) => user),
      ),
    ];
  }

  /** Breaks every connection; new ones are taken. */
  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.breakAll();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
