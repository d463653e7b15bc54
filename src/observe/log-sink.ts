import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { Writable } from "node:stream";

/** What a reader may leave untaken; beyond it lines are lost. */
const MAX_WAITING_BYTES = 1024 * 1024;
const STDOUT = 1;

/**
 * Standard output, as the place where the log ends. A pipe that nobody empties and a file on a full disk cost lines and
 * nothing else: no request waits for them, and the next line that can be written is preceded by how many were lost.
 */
export class LogSink extends Writable {
  #lost = 0;

  constructor() {
    super({ decodeStrings: false });
    // A reader that went away is no reason to end.
    process.stdout.on("error", () => {});
  }

  override _write(line: string, _encoding: BufferEncoding, done: () => void): void {
    if (put(this.#lost === 0 ? line : lossOf(this.#lost) + line)) this.#lost = 0;
    else this.#lost += 1;
    done();
  }
}

/** Begins on a new line, as the last one before may have been cut. */
function lossOf(lines: number): string {
  return `\n${JSON.stringify({ level: 40, time: Date.now(), lines, msg: "log lines were lost: nobody took them" })}\n`;
}

/** False when there is no room. */
function put(text: string): boolean {
  const { stdout } = process;
  // Pipes and terminals are written to in the background. Files are not, whose failures Node's stream would keep to itself.
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
