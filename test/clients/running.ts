import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Invocation, Keystroke } from "./client.ts";

const PRESS_AGAIN_MS = 1_000;
const SHOWN_CHARACTERS = 500;
/** So many that no text is wrapped: what is typed is waited for as it stands. */
const COLUMNS = 300;

interface StartOptions {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A client's process, in a process group of its own. */
export class Running {
  readonly #child: ChildProcess;
  readonly #keystrokes: Keystroke[];
  readonly #shown = new EventEmitter();
  #output = "";
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;

  constructor({ command, stdin, keystrokes }: Invocation, { folder, environment }: StartOptions) {
    const [program = "", ...args] = keystrokes ? inTerminal(command) : command;
    this.#keystrokes = [...(keystrokes ?? [])];
    const env = { ...environment, TERM: keystrokes ? "xterm-256color" : "dumb" };
    this.#child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(void (this.#output += String(error))));
      this.#child.once("close", () => resolve());
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (text: Buffer) => this.#read(text));
    this.#child.stdin?.on("error", () => {});
    if (!keystrokes) this.#child.stdin?.end(stdin ?? "");
  }

  /** Everything shown so far, without the terminal's control characters. */
  get output(): string {
    return stripVTControlCharacters(this.#output);
  }

  /** The end of what was shown, for an error. */
  get lastWords(): string {
    return this.output
      .replaceAll(/[\s─]+/g, " ")
      .trim()
      .slice(-SHOWN_CHARACTERS);
  }

  /** Resolves once it has shown this, has ended, or the signal aborts. */
  async untilShown(isShown: (output: string) => boolean, signal: AbortSignal): Promise<void> {
    const hasEnded = this.ended.then(() => true);
    while (!isShown(this.output)) {
      const more = once(this.#shown, "more", { signal }).then(
        () => false,
        () => true,
      );
      if (await Promise.race([more, hasEnded])) return;
    }
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#signal("SIGINT");
  }

  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    } catch {
      // It has ended.
    }
  }

  #read(text: Buffer): void {
    this.#output += text.toString();
    this.#shown.emit("more");
    const [next] = this.#keystrokes;
    if (!next || !this.output.includes(next.after)) return;
    this.#keystrokes.shift();
    this.#press(next);
  }

  #press({ keys, until }: Keystroke): void {
    this.#child.stdin?.write(keys);
    if (until === undefined) return;
    const again = setInterval(() => {
      if (this.output.includes(until)) clearInterval(again);
      else this.#child.stdin?.write(keys);
    }, PRESS_AGAIN_MS);
    void this.ended.then(() => clearInterval(again));
  }
}

/** util-linux's `script` is the terminal. */
function inTerminal(command: readonly string[]): readonly string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  return ["script", "-qec", `stty cols ${COLUMNS}; exec ${quoted.join(" ")}`, "/dev/null"];
}

/** Ends what a client left running: its daemons have its home folder in their environment. */
export function endLeftovers(home: string): void {
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(`HOME=${home}`))
        process.kill(Number(name), "SIGKILL");
    } catch {
      // It ended, or is another user's.
    }
  }
}
