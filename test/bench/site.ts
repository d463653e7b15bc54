import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Upstream } from "./paths.ts";

/** The simulated site in a thread of its own, with the accounts that a run needs. */
export class Site implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #upstream: Omit<Upstream, "cookies">;
  readonly #cookies: Readonly<Record<string, string>>;

  private constructor(worker: Worker, { cookies, ...upstream }: Started) {
    this.#worker = worker;
    this.#upstream = upstream;
    this.#cookies = cookies;
  }

  static async start(accounts: readonly string[]): Promise<Site> {
    const worker = new Worker(new URL("simulator-worker.ts", import.meta.url), { workerData: accounts });
    const [started] = (await once(worker, "message")) as [Started];
    return new Site(worker, started);
  }

  /** Each path has its own accounts: the site rotates tokens, so an account in two browsers would be signed out. */
  upstreamOf(path: string, count: number): Upstream {
    return { ...this.#upstream, cookies: accountsOf(path, count).map((name) => this.#cookies[name] ?? "") };
  }

  /** From now on, every page and every prompt needs a challenge to be passed again. */
  async challengeAll(): Promise<void> {
    const done = once(this.#worker, "message");
    this.#worker.postMessage("challenge");
    await done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

interface Started extends Omit<Upstream, "cookies"> {
  readonly cookies: Readonly<Record<string, string>>;
}

export function accountsOf(path: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${path}-${index + 1}`);
}
