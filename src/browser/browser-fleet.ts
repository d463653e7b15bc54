import type { Log } from "../log.ts";
import { BrowserHost } from "./browser-host.ts";
import type { LaunchOptions } from "./launch.ts";

/** The browsers there are, a few credentials in each, so that the death of one costs few. */
export class BrowserFleet implements AsyncDisposable {
  readonly #options: LaunchOptions;
  readonly #credentialsPerBrowser: number;
  readonly #log: Log;
  readonly #tenants = new Map<BrowserHost, number>();

  constructor(options: LaunchOptions, credentialsPerBrowser: number, log: Log) {
    this.#options = options;
    this.#credentialsPerBrowser = credentialsPerBrowser;
    this.#log = log;
  }

  get hosts(): readonly BrowserHost[] {
    return [...this.#tenants.keys()];
  }

  /** A place for one credential; it is started when it is first needed. */
  moveIn(): BrowserHost {
    const [host, count] = [...this.#tenants].find(([, tenants]) => tenants < this.#credentialsPerBrowser) ?? [
      new BrowserHost(this.#options, this.#log),
      0,
    ];
    this.#tenants.set(host, count + 1);
    return host;
  }

  /** The last one to leave ends the browser. */
  async moveOut(host: BrowserHost): Promise<void> {
    const left = (this.#tenants.get(host) ?? 1) - 1;
    if (left > 0) {
      this.#tenants.set(host, left);
      return;
    }
    this.#tenants.delete(host);
    await host[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hosts.map((host) => host[Symbol.asyncDispose]()));
  }
}
