import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What stood still while something was tried, at its longest. */
export interface Stalls {
  /** From `GET /livez` until its answer. */
  readonly livezMs: number;
  /** Of an event loop that has nothing to do, meanwhile: what the machine itself is to blame for. */
  readonly idleMs: number;
}

/** Where to ask; undefined: nowhere, until told. */
export type Asked = string | undefined;

/** Asks `GET /livez` all the while, from a thread of its own, so that the caller's work is not in the figures. */
export class LivezProbe implements AsyncDisposable {
  readonly #poller = new Worker(new URL("livez-poller.ts", import.meta.url));
  readonly #idle = new Worker(new URL("idle-loop.ts", import.meta.url));

  /** From now on this gateway is asked, or none. */
  watch(url: Asked): void {
    this.#poller.postMessage({ watch: url });
  }

  /** The longest since the last question. */
  async longest(): Promise<Stalls> {
    return { livezMs: await ask(this.#poller), idleMs: await ask(this.#idle) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#poller.terminate(), this.#idle.terminate()]);
  }
}

async function ask(thread: Worker): Promise<number> {
  thread.postMessage({ tell: true });
  const [longestMs] = (await once(thread, "message")) as [number];
  return longestMs;
}
