import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { Writable } from "node:stream";

/** How much output may wait for its reader; lines beyond it are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;
const STDOUT = 1;

/**
 * Writes the log to standard output. A pipe that is not read and a file on a full disk cost log lines and nothing else: no
 * request waits for them. The next line that can be written follows one that says how many were lost.
 */
export class LogSink extends Writable {
  #lost = 0;

  constructor() {
    super({ decodeStrings: false });
    // The process goes on when the reader of its log ends.
    process.stdout.on("error", () => {});
  }

  override _write(line: string, _encoding: BufferEncoding, done: () => void): void {
    if (put(this.#lost === 0 ? line : lossOf(this.#lost) + line)) this.#lost = 0;
    else this.#lost += 1;
    done();
  }
}

/** Begins on a new line, because the last line may be incomplete. */
function lossOf(lines: number): string {
  return `\n${JSON.stringify({ level: 40, time: Date.now(), lines, msg: "log lines lost: the output was full" })}\n`;
}

/** Gives false when the text was not written. */
function put(text: string): boolean {
  const { stdout } = process;
  // Node writes to pipes and terminals in the background, and to files at once. Its stream hides the failures of files.
  if (stdout instanceof Socket) {
    if (stdout.writableLength > MAX_WAITING_BYTES) return false;
    stdout.write(text);
    return true;
  }
  try {
    writeSync(STDOUT, text);
    return true;
  } catch {
    return false;
  }
}
