import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

const END = 0x0a;

/** A line has more bytes than its reader takes. */
export class LineTooLong extends Error {}

/** So much is read ahead of who asks for lines: the sender waits then. */
const AHEAD_BYTES = 65_536;
const NOTHING: Buffer = Buffer.alloc(0);
const DONE = Promise.resolve();

/** Reads JSON values, one a line. One reader at a time. */
export class LineReader {
  /** A longer line is refused. It may be changed while a line is awaited. */
  limitBytes: number;
  readonly #stream: Readable;
  /** What nobody asked for yet. */
  #ahead: Buffer[] = [];
  #aheadBytes = 0;
  #rest = NOTHING;
  /** The reader waits for a chunk, or for the end. */
  #wanted: PromiseWithResolvers<Buffer | undefined> | undefined;
  #isOver = false;
  readonly #over = Promise.withResolvers<void>();
  #failure: Error | undefined;
  #isDraining = false;

  /** It takes chunks as they come: the stream's own iterator costs more than a short line does. */
  constructor(stream: Readable, limitBytes: number) {
    this.#stream = stream;
    this.limitBytes = limitBytes;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.once("end", () => this.#end());
    stream.once("error", (cause: Error) => this.#end(cause));
    stream.once("close", () => this.#end(new Error("The connection closed.")));
  }

  /** The next line's text; undefined at the end. @throws LineTooLong; Error when the connection breaks. */
  async text(): Promise<string | undefined> {
    const held: Buffer[] = [];
    let heldBytes = 0;
    for (;;) {
      const chunk: Buffer | undefined = this.#rest.length > 0 ? this.#rest : await this.#chunk();
      if (!chunk) return undefined;
      const end = chunk.indexOf(END);
      heldBytes += end < 0 ? chunk.length : end;
      if (heldBytes > this.limitBytes) throw new LineTooLong(`A line is longer than ${this.limitBytes} bytes.`);
      this.#rest = end < 0 ? NOTHING : chunk.subarray(end + 1);
      if (end >= 0 && held.length === 0) return chunk.toString("utf8", 0, end);
      held.push(end < 0 ? chunk : chunk.subarray(0, end));
      if (end >= 0) return Buffer.concat(held).toString();
    }
  }

  /**
   * Reads the rest and forgets it: a connection serves again only when everything was read. Who waits for a line gets
   * undefined. Never rejects.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#rest = NOTHING;
    this.#ahead = [];
    this.#wanted?.resolve(undefined);
    this.#wanted = undefined;
    this.#stream.resume();
    await this.#over.promise;
  }

  /** The next line's value; undefined at the end. */
  async next<T>(): Promise<T | undefined> {
    const text = await this.text();
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  #chunk(): Promise<Buffer | undefined> | Buffer | undefined {
    const chunk = this.#ahead.shift();
    if (chunk) {
      this.#aheadBytes -= chunk.length;
      if (this.#ahead.length === 0) this.#stream.resume();
      return chunk;
    }
    if (this.#isDraining) return undefined;
    if (this.#failure) throw this.#failure;
    if (this.#isOver) return undefined;
    this.#wanted = Promise.withResolvers();
    return this.#wanted.promise;
  }

  #take(chunk: Buffer): void {
    if (this.#isDraining) return;
    if (this.#wanted) {
      this.#wanted.resolve(chunk);
      this.#wanted = undefined;
      return;
    }
    this.#ahead.push(chunk);
    this.#aheadBytes += chunk.length;
    if (this.#aheadBytes > AHEAD_BYTES) this.#stream.pause();
  }

  #end(failure?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#over.resolve();
    if (failure) this.#wanted?.reject(failure);
    else this.#wanted?.resolve(undefined);
    this.#wanted = undefined;
  }
}

/** Writes lines at once. Resolves when the stream takes more, or is gone. */
export function writeLines(stream: Writable, ...lines: readonly object[]): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return DONE;
  // A corked response would not tell that its connection is full.
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  return stream.write(text) ? DONE : untilDrained(stream);
}

async function untilDrained(stream: Writable): Promise<void> {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  stream.once("close", onClose);
  await once(stream, "drain", { signal: gone.signal }).catch(() => {});
  stream.off("close", onClose);
}
