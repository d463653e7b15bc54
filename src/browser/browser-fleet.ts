import type { Log } from "../observe/log.ts";
import { BrowserSupervisor } from "./browser-supervisor.ts";
import type { BrowserProvider, Confinement } from "./provider.ts";

export interface FleetOptions {
  /** How many accounts share one browser, if the pages of all may be open. */
  readonly accountsPerBrowser: number;
  /** How many pages may be open. There are no more browsers than these need. */
  readonly maxOpenSessions: number;
}

/** All browsers. A few accounts share each one, so that a crash affects few of them. */
export class BrowserFleet implements AsyncDisposable {
  readonly #provider: BrowserProvider;
  readonly #options: FleetOptions;
  readonly #log: Log;
  /** How many accounts each browser has. */
  readonly #assignments = new Map<BrowserSupervisor, number>();
  /** Each browser's number: the smallest that is free, so that there are few. */
  readonly #numbers = new Map<BrowserSupervisor, number>();
  /** The starts of browsers that no account needs any more. */
  #formerStarts = 0;

  constructor(provider: BrowserProvider, options: FleetOptions, log: Log) {
    this.#provider = provider;
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

  /** The memory of each browser whose memory is known, by its number; in bytes. */
  async memory(): Promise<readonly { readonly number: number; readonly bytes: number }[]> {
    const read = [...this.#numbers].map(async ([supervisor, number]) => {
      const bytes = await supervisor.memoryBytes();
      return bytes === undefined ? [] : [{ number, bytes }];
    });
    return (await Promise.all(read)).flat();
  }

  /** The longest outage of a browser; undefined while any browser runs, because then browsers can start. */
  get outage(): BrowserSupervisor["outage"] {
    if (this.supervisors.some(({ isRunning }) => isRunning)) return undefined;
    const outages = this.supervisors.flatMap(({ outage }) => outage ?? []);
    return outages.toSorted((one, other) => one.sinceMs - other.sinceMs)[0];
  }

  /** The outage if a new process here may end it. */
  get localOutage(): BrowserSupervisor["outage"] {
    return this.#provider.isLocal ? this.outage : undefined;
  }

  /** Gives one account its browser, which starts when it is first needed. */
  assign(): BrowserSupervisor {
    const { accountsPerBrowser, maxOpenSessions } = this.#options;
    const [emptiest] = [...this.#assignments].toSorted(([, one], [, other]) => one - other);
    const mayBeMore = this.#assignments.size < Math.ceil(maxOpenSessions / accountsPerBrowser);
    const needsAnother = !emptiest || (emptiest[1] >= accountsPerBrowser && mayBeMore);
    const [supervisor, count] = needsAnother ? [new BrowserSupervisor(this.#provider, this.#log), 0] : emptiest;
    this.#assignments.set(supervisor, count + 1);
    if (needsAnother) this.#numbers.set(supervisor, this.#freeNumber());
    return supervisor;
  }

  /** Takes one account off its browser. The last account to leave ends the browser. */
  async release(supervisor: BrowserSupervisor): Promise<void> {
    const left = (this.#assignments.get(supervisor) ?? 1) - 1;
    if (left > 0) {
      this.#assignments.set(supervisor, left);
      return;
    }
    this.#assignments.delete(supervisor);
    this.#numbers.delete(supervisor);
    this.#formerStarts += supervisor.starts;
    await supervisor[Symbol.asyncDispose]();
  }

  #freeNumber(): number {
    const taken = new Set(this.#numbers.values());
    let number = 1;
    while (taken.has(number)) number += 1;
    return number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.supervisors.map((supervisor) => supervisor[Symbol.asyncDispose]()));
  }
}
