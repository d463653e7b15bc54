import type { Log } from "../observe/log.ts";
import { BrowserSupervisor } from "./browser-supervisor.ts";
import type { LaunchOptions } from "./launch.ts";
import type { Confinement } from "./sandbox.ts";

export interface FleetOptions extends LaunchOptions {
  /** How many accounts share one browser, while their pages may all be open. */
  readonly accountsPerBrowser: number;
  /** How many pages may be open; there are no more browsers than these need. */
  readonly maxOpenSessions: number;
}

/** The browsers there are, a few accounts in each, so that the death of one costs few. */
export class BrowserFleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly #log: Log;
  readonly #assignments = new Map<BrowserSupervisor, number>();
  /** Of hosts that are no more. */
  #formerStarts = 0;

  constructor(options: FleetOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  get supervisors(): readonly BrowserSupervisor[] {
    return [...this.#assignments.keys()];
  }

  /** How many browsers were started so far. */
  get starts(): number {
    return this.supervisors.reduce((sum, { starts }) => sum + starts, this.#formerStarts);
  }

  /** How many browsers run now with Chromium's sandbox, or without it. */
  running({ isSandboxed }: Pick<Confinement, "isSandboxed">): number {
    return this.supervisors.filter(({ confinement }) => confinement?.isSandboxed === isSandboxed).length;
  }

  /** The longest outage of a browser, while none runs: one that runs shows that the machine can. */
  get outage(): BrowserSupervisor["outage"] {
    if (this.supervisors.some(({ isRunning }) => isRunning)) return undefined;
    const outages = this.supervisors.flatMap(({ outage }) => outage ?? []);
    return outages.toSorted((one, other) => one.sinceMs - other.sinceMs)[0];
  }

  /** A place for one account; it is started when it is first needed. */
  assign(): BrowserSupervisor {
    const { accountsPerBrowser, maxOpenSessions } = this.#options;
    const [emptiest] = [...this.#assignments].toSorted(([, one], [, other]) => one - other);
    const mayBeMore = this.#assignments.size < Math.ceil(maxOpenSessions / accountsPerBrowser);
    const isFull = !emptiest || (emptiest[1] >= accountsPerBrowser && mayBeMore);
    const [host, count] = isFull ? [new BrowserSupervisor(this.#options, this.#log), 0] : emptiest;
    this.#assignments.set(host, count + 1);
    return host;
  }

  /** The last one to leave ends the browser. */
  async release(host: BrowserSupervisor): Promise<void> {
    const left = (this.#assignments.get(host) ?? 1) - 1;
    if (left > 0) {
      this.#assignments.set(host, left);
      return;
    }
    this.#assignments.delete(host);
    this.#formerStarts += host.starts;
    await host[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.supervisors.map((host) => host[Symbol.asyncDispose]()));
  }
}
