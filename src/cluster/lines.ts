import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

const END = 0x0a;

/** A line has more bytes than its reader takes. */
export class LineTooLong extends Error {}

/** Reads JSON values, one a line. One reader at a time; nothing is read ahead of it beyond the stream's own buffer. */
export class LineReader {
  /** A longer line is refused. It may be changed while a line is awaited. */
  limitBytes: number;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable, limitBytes: number) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.limitBytes = limitBytes;
  }

  /** The next line's text; undefined at the end. @throws LineTooLong; Error when the connection breaks. */
  async text(): Promise<string | undefined> {
    const held: Buffer[] = [];
    let heldBytes = 0;
    let chunk: Buffer | undefined = this.#rest;
    for (;;) {
      const end: number = chunk.indexOf(END);
      heldBytes += end < 0 ? chunk.length : end;
      if (heldBytes > this.limitBytes) throw new LineTooLong(`A line is longer than ${this.limitBytes} bytes.`);
      if (end >= 0) {
        this.#rest = chunk.subarray(end + 1);
        held.push(chunk.subarray(0, end));
        return Buffer.concat(held).toString();
      }
      held.push(chunk);
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      chunk = next.value;
    }
  }

  /** Reads the rest and forgets it: a connection serves again only when everything was read. Never rejects. */
  async drain(): Promise<void> {
    try {
      while (!(await this.#chunks.next()).done);
    } catch {
      // The connection broke, so it serves no more.
    }
  }

  /** The next line's value; undefined at the end. */
  async next<T>(): Promise<T | undefined> {
    const text = await this.text();
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }
}

/** Writes lines at once. Resolves when the stream takes more, or is gone. */
export async function writeLines(stream: Writable, ...lines: readonly object[]): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return;
  // A corked response would not tell that its connection is full.
  if (stream.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))) return;
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  stream.once("close", onClose);
  await once(stream, "drain", { signal: gone.signal }).catch(() => {});
  stream.off("close", onClose);
}
