import type { Log } from "../observe/log.ts";
import { BrowserHost } from "./browser-supervisor.ts";
import type { LaunchOptions } from "./launch.ts";
import type { Confinement } from "./sandbox.ts";

export interface FleetOptions extends LaunchOptions {
  /** How many credentials share one browser, while their pages may all be open. */
  readonly credentialsPerBrowser: number;
  /** How many pages may be open; there are no more browsers than these need. */
  readonly maxOpenSessions: number;
}

/** The browsers there are, a few credentials in each, so that the death of one costs few. */
export class BrowserFleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly #log: Log;
  readonly #tenants = new Map<BrowserHost, number>();
  /** Of hosts that are no more. */
  #formerStarts = 0;

  constructor(options: FleetOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  get hosts(): readonly BrowserHost[] {
    return [...this.#tenants.keys()];
  }

  /** How many browsers were started so far. */
  get starts(): number {
    return this.hosts.reduce((sum, { starts }) => sum + starts, this.#formerStarts);
  }

  /** How many browsers run now with Chromium's sandbox, or without it. */
  running({ isSandboxed }: Pick<Confinement, "isSandboxed">): number {
    return this.hosts.filter(({ confinement }) => confinement?.isSandboxed === isSandboxed).length;
  }

  /** The longest outage of a browser, while none runs: one that runs shows that the machine can. */
  get outage(): BrowserHost["outage"] {
    if (this.hosts.some(({ isRunning }) => isRunning)) return undefined;
    const outages = this.hosts.flatMap(({ outage }) => outage ?? []);
    return outages.toSorted((one, other) => one.sinceMs - other.sinceMs)[0];
  }

  /** A place for one credential; it is started when it is first needed. */
  moveIn(): BrowserHost {
    const { credentialsPerBrowser, maxOpenSessions } = this.#options;
    const [emptiest] = [...this.#tenants].toSorted(([, one], [, other]) => one - other);
    const mayBeMore = this.#tenants.size < Math.ceil(maxOpenSessions / credentialsPerBrowser);
    const isFull = !emptiest || (emptiest[1] >= credentialsPerBrowser && mayBeMore);
    const [host, count] = isFull ? [new BrowserHost(this.#options, this.#log), 0] : emptiest;
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
    this.#formerStarts += host.starts;
    await host[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hosts.map((host) => host[Symbol.asyncDispose]()));
  }
}
