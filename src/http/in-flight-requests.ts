import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ReplyPart } from "../chat.ts";
import type { Reply } from "../gateway.ts";

/** Identifies a request, so that its repetition is recognised. */
export interface RequestFingerprint {
  readonly key: string;
  /** The client says that this may be a repetition. */
  readonly isRepeated: boolean;
}

/** SDKs count their retries. Other clients mark a repetition by sending the same idempotency key again. */
export function fingerprintOf(
  keyId: string,
  path: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): RequestFingerprint {
  const idempotencyKey = headers["idempotency-key"];
  const hash = createHash("sha256")
    .update(JSON.stringify([keyId, path, idempotencyKey]))
    .update(body);
  const isRepeated = idempotencyKey !== undefined || Number(headers["x-stainless-retry-count"]) > 0;
  return { key: hash.digest("base64"), isRepeated };
}

/** A client that reads an answer. */
export interface Reader {
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /** Whether the client has a status already, so that a failure can only be told in the stream. */
  readonly isOpen: () => boolean;
}

/** Starts an answer. `isOpen` tells whether any of its readers has a status already. */
export type Start = (signal: AbortSignal, isOpen: () => boolean) => Reply;

/**
 * Coalesces repeated requests. A client that gave up waiting and asks again reads the running answer from its beginning,
 * because asking the site again would use up the account's rate limit. The answer ends when its last reader leaves.
 */
export class InFlightRequests {
  readonly #running = new Map<string, RunningReply>();

  /** Joins the running answer to a repeated request; otherwise starts one, with its own signal. */
  read({ key, isRepeated }: RequestFingerprint, start: Start, reader: Reader): Reply {
    const known = isRepeated ? this.#running.get(key) : undefined;
    if (known) return known.readBy(reader);
    const started = new RunningReply(start, () => {
      if (this.#running.get(key) === started) this.#running.delete(key);
    });
    this.#running.set(key, started);
    return started.readBy(reader);
  }
}

class RunningReply {
  readonly #reply: Reply;
  readonly #iterator: AsyncIterator<ReplyPart>;
  readonly #abandoned = new AbortController();
  readonly #onOver: () => void;
  readonly #parts: ReplyPart[] = [];
  readonly #readers = new Set<Reader>();
  #pulling: Promise<void> | undefined;
  #isOver = false;
  #failure: unknown;

  constructor(start: Start, onOver: () => void) {
    this.#reply = start(this.#abandoned.signal, () => [...this.#readers].some(({ isOpen }) => isOpen()));
    this.#iterator = this.#reply[Symbol.asyncIterator]();
    this.#onOver = onOver;
  }

  readBy(reader: Reader): Reply {
    const parts = this.#read(reader);
    this.#readers.add(reader);
    return { progress: this.#reply.progress, [Symbol.asyncIterator]: () => parts };
  }

  async *#read(reader: Reader): AsyncGenerator<ReplyPart, void, undefined> {
    const { signal } = reader;
    const leave = (): void => this.#leave(reader);
    // The reader may be waiting for the next part when its client leaves.
    signal.addEventListener("abort", leave, { once: true });
    try {
      signal.throwIfAborted();
      for (let at = 0; ; at += 1) {
        while (at >= this.#parts.length && !this.#isOver) await this.#pull();
        const part = this.#parts[at];
        if (part) yield part;
        else if (this.#failure === undefined) return;
        else throw this.#failure;
      }
    } finally {
      signal.removeEventListener("abort", leave);
      leave();
    }
  }

  /** Reads the next part, once for all readers. Nobody reads ahead of the fastest reader. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#iterator
      .next()
      .then(
        (next) => (next.done ? this.#end() : void this.#parts.push(next.value)),
        (cause: unknown) => {
          this.#failure = cause;
          this.#end();
        },
      )
      .finally(() => (this.#pulling = undefined));
    return this.#pulling;
  }

  #leave(reader: Reader): void {
    const { signal } = reader;
    if (!this.#readers.delete(reader) || this.#readers.size > 0 || this.#isOver) return;
    this.#end();
    if (signal.aborted) this.#abandoned.abort(signal.reason);
    this.#iterator.return?.()?.catch(() => undefined);
  }

  #end(): void {
    this.#isOver = true;
    this.#onOver();
  }
}
