import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Fault } from "../../src/simulator/fault.ts";
import type { SitePage } from "../../src/simulator/site-page.ts";
import type { SiteOrder } from "./site-server.ts";

export interface SiteAddress {
  readonly origin: string;
  /** Another server that takes prompts as well. */
  readonly elsewhere: string;
  readonly browserArgs: string;
}

/** The simulated site in a process of its own. */
export class SiteProcess implements Disposable {
  readonly #child: ChildProcess;
  readonly address: SiteAddress;

  private constructor(child: ChildProcess, address: SiteAddress) {
    this.#child = child;
    this.address = address;
  }

  static async start(): Promise<SiteProcess> {
    const child = fork(join(import.meta.dirname, "site-server.ts"));
    const [address] = (await once(child, "message")) as [SiteAddress];
    return new SiteProcess(child, address);
  }

  /** From now on the site has these pages, by path; its next answer meets the fault. */
  async show(pages: Readonly<Record<string, SitePage>>, next?: Fault): Promise<void> {
    await this.#order({ pages, next });
  }

  /** A fresh cookie of this account's. */
  async signIn(account: string): Promise<string> {
    const [cookie = ""] = await this.#order({ signIn: account });
    return cookie;
  }

  /** What another server was sent of this text since the site has its pages. */
  leaksOf(text: string): Promise<string[]> {
    return this.#order({ leaksOf: text });
  }

  async #order(order: SiteOrder): Promise<string[]> {
    const told = once(this.#child, "message");
    this.#child.send(order);
    return ((await told) as [string[]])[0];
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
