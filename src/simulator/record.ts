import { once, EventEmitter } from "node:events";
import type { IncomingHttpHeaders } from "node:http";

/** One prompt that reached the site, and what became of it. Times are milliseconds since the epoch. */
export interface Post {
  readonly id: number;
  /** Undefined when nobody was signed in. */
  readonly account: string | undefined;
  readonly prompt: string;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
  readonly startedAt: number;
  status: number | undefined;
  bytesSent: number;
  finishedAt: number | undefined;
  /** The client left before the answer was complete. */
  aborted: boolean;
}

/** What the site saw, for tests to ask. */
export class Record {
  readonly posts: Post[] = [];
  pageLoads = 0;
  readonly #running = new Map<string, number>();
  readonly #mostRunning = new Map<string, number>();
  readonly #changes = new EventEmitter();

  begin(post: Omit<Post, "id" | "startedAt" | "status" | "bytesSent" | "finishedAt" | "aborted">): Post {
    const fresh = { status: undefined, bytesSent: 0, finishedAt: undefined, aborted: false };
    const entry: Post = { ...post, id: this.posts.length + 1, startedAt: Date.now(), ...fresh };
    this.posts.push(entry);
    const name = post.account ?? "";
    const running = this.concurrency(name) + 1;
    this.#running.set(name, running);
    this.#mostRunning.set(name, Math.max(running, this.maxConcurrency(name)));
    this.#changes.emit("change");
    return entry;
  }

  end(post: Post, isComplete: boolean): void {
    if (post.finishedAt !== undefined) return;
    post.finishedAt = Date.now();
    post.aborted = !isComplete;
    this.#running.set(post.account ?? "", this.concurrency(post.account ?? "") - 1);
    this.#changes.emit("change");
  }

  concurrency(account: string): number {
    return this.#running.get(account) ?? 0;
  }

  maxConcurrency(account: string): number {
    return this.#mostRunning.get(account) ?? 0;
  }

  /** Resolves with the first post of which this holds, now or later. @throws when that takes longer than `limitMs`. */
  async waitFor(holds: (post: Post) => boolean, limitMs: number): Promise<Post> {
    const signal = AbortSignal.timeout(limitMs);
    for (;;) {
      const found = this.posts.find(holds);
      if (found) return found;
      await once(this.#changes, "change", { signal });
    }
  }
}
