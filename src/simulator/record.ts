import { EventEmitter, once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";

/** A prompt that reached the site, and how it was answered. Times are milliseconds since the epoch. */
export interface Post {
  readonly id: number;
  /** Undefined when the request was not signed in. */
  readonly account: string | undefined;
  /** The client's port. Browser contexts do not share connections. */
  readonly port: number | undefined;
  readonly prompt: string;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
  readonly startedAt: number;
  status: number | undefined;
  bytesSent: number;
  /** The beginning of what was sent: up to `KEPT_BYTES`. */
  readonly sent: (string | Buffer)[];
  finishedAt: number | undefined;
  /** The client left before the answer was complete. */
  aborted: boolean;
}

/** Bytes that are kept of each answer. The rest is only counted. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** complete: sent to the last byte · broken: the site broke off · left: the client broke off. */
type Ending = "complete" | "broken" | "left";

/** Everything the site was asked, for tests to look at. */
export class Record {
  readonly posts: Post[] = [];
  pageLoads = 0;
  /** How often `/api/auth/session` was asked. */
  signInChecks = 0;
  readonly #running = new Map<string, number>();
  readonly #mostRunning = new Map<string, number>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  begin(post: Pick<Post, "account" | "port" | "prompt" | "headers" | "httpVersion">): Post {
    const fresh = { status: undefined, bytesSent: 0, sent: [], finishedAt: undefined, aborted: false };
    const entry: Post = { ...post, id: this.posts.length + 1, startedAt: Date.now(), ...fresh };
    this.posts.push(entry);
    const name = post.account ?? "";
    const running = this.concurrency(name) + 1;
    this.#running.set(name, running);
    this.#mostRunning.set(name, Math.max(running, this.maxConcurrency(name)));
    this.#changes.emit("change");
    return entry;
  }

  answered(post: Post, status: number): void {
    post.status = status;
    this.#changes.emit("change");
  }

  sent(post: Post, chunk: string | Buffer): void {
    if (post.bytesSent < KEPT_BYTES) post.sent.push(chunk);
    post.bytesSent += Buffer.byteLength(chunk);
    this.#changes.emit("change");
  }

  end(post: Post, ending: Ending): void {
    if (post.finishedAt !== undefined) return;
    post.finishedAt = Date.now();
    post.aborted = ending === "left";
    this.#running.set(post.account ?? "", this.concurrency(post.account ?? "") - 1);
    this.#changes.emit("change");
  }

  concurrency(account: string): number {
    return this.#running.get(account) ?? 0;
  }

  maxConcurrency(account: string): number {
    return this.#mostRunning.get(account) ?? 0;
  }

  /** Resolves with the first post that matches, now or later. @throws when the limit (ms) is over or the signal aborts. */
  async waitFor(holds: (post: Post) => boolean, limit: number | AbortSignal): Promise<Post> {
    const signal = typeof limit === "number" ? AbortSignal.timeout(limit) : limit;
    for (;;) {
      const found = this.posts.find(holds);
      if (found) return found;
      await once(this.#changes, "change", { signal }).catch((cause: unknown) => {
        const seen = this.posts.map(({ prompt, status, aborted }) => ({
          prompt: prompt.slice(0, 60),
          status,
          aborted,
        }));
        throw new Error(`No such prompt reached the simulated site in time; seen: ${JSON.stringify(seen)}`, { cause });
      });
    }
  }
}
