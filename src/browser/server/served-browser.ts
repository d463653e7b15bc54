import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { chromium, type BrowserServer } from "playwright";
import { killProcessesIn } from "../../process/temp-dir.ts";
import { launchConfined, type Launched } from "../confined-launch.ts";
import type { LaunchOptions } from "../launch.ts";
import type { Confinement } from "../provider.ts";

const NAME_BYTES = 16;

/** A Chromium with a server of Playwright's in front of it that only this process reaches. */
export class ServedBrowser implements AsyncDisposable {
  readonly confinement: Confinement;
  readonly #server: BrowserServer;
  readonly #tempDir: string;
  readonly #address: string;
  readonly #path: string;
  /** Aborts when the browser is gone. */
  readonly gone = new AbortController();

  private constructor(server: BrowserServer, { tempDir, confinement }: Launched, address: string, path: string) {
    this.#server = server;
    this.#tempDir = tempDir;
    this.confinement = confinement;
    this.#address = address;
    this.#path = path;
    server.once("close", () => this.gone.abort());
  }

  /** `folder`: only this process's user may enter it. @throws GatewayError `browser_unavailable` */
  static start(options: LaunchOptions, folder: string, signal: AbortSignal): Promise<ServedBrowser> {
    const name = randomBytes(NAME_BYTES).toString("hex");
    const address = join(folder, name);
    const start = async (launched: Launched): Promise<ServedBrowser> => {
      // Playwright hands the port on to Node, which takes the path of a socket too. A port on loopback would be open to every
      // user of the machine, the browsers' own users included, and would tell its secret path to each who asks.
      const port = address as unknown as number;
      const server = await chromium.launchServer({ ...launched.options, port, wsPath: `/${name}` });
      return new ServedBrowser(server, launched, address, `/${name}`);
    };
    return launchConfined(options, start, signal);
  }

  get pid(): number | undefined {
    return this.#server.process().pid;
  }

  /** Connects a client whose request for an upgrade has arrived. Resolves when the connection has ended. Never rejects. */
  async serve({ rawHeaders }: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    const upstream = connect(this.#address);
    const onError = (): void => void upstream.destroy();
    upstream.on("error", onError);
    const lines = [`GET ${this.#path} HTTP/1.1`, "host: localhost"];
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
      if (name.toLowerCase() !== "host") lines.push(`${name}: ${value}`);
    }
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    client.pipe(upstream);
    upstream.pipe(client);
    const ended = [once(client, "close"), once(upstream, "close"), once(this.gone.signal, "abort")];
    await Promise.race(ended.map((one) => one.catch(() => {})));
    upstream.destroy();
    client.destroy();
  }

  /** Ends it in whatever state it is. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.kill().catch(() => {});
    await killProcessesIn(this.#tempDir);
    await rm(this.#tempDir, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    await rm(this.#address, { force: true }).catch(() => {});
  }
}
