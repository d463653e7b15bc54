import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

const END = 0x0a;

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

  /** The next line's text; undefined at the end. @throws Error when the connection breaks or a line is too long. */
  async text(): Promise<string | undefined> {
    const held: Buffer[] = [];
    let heldBytes = 0;
    let chunk: Buffer | undefined = this.#rest;
    for (;;) {
      const end: number = chunk.indexOf(END);
      heldBytes += end < 0 ? chunk.length : end;
      if (heldBytes > this.limitBytes) throw new Error(`A line is longer than ${this.limitBytes} bytes.`);
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

  /** The next line's value; undefined at the end. */
  async next<T>(): Promise<T | undefined> {
    const text = await this.text();
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }
}

/** Writes a line. Resolves when the stream takes more, or is gone. */
export async function writeLine(stream: Writable, line: object): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return;
  if (stream.write(`${JSON.stringify(line)}\n`)) return;
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  stream.once("close", onClose);
  await once(stream, "drain", { signal: gone.signal }).catch(() => {});
  stream.off("close", onClose);
}
