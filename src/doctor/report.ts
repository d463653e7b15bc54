import { stripVTControlCharacters } from "node:util";
import { GatewayError } from "../errors.ts";
import { MachineError } from "../process/machine-error.ts";
import { StoreError } from "../store/store-error.ts";

const MAX_QUOTED_LINES = 6;

/** What the doctor prints: a line for each check that went well, was failed, or is worth a note. */
export class Report {
  readonly #print: (line: string) => void;
  readonly #failed = new Set<string>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  get isHealthy(): boolean {
    return this.#failed.size === 0;
  }

  hasFailed(what: string): boolean {
    return this.#failed.has(what);
  }

  note(text: string): void {
    this.#print(`note  ${text}`);
  }

  /** Runs one check. `work` says what it found, or throws why it failed. */
  async check(what: string, work: () => string | Promise<string>): Promise<void> {
    try {
      this.#print(`ok    ${what}: ${await work()}`);
    } catch (cause) {
      this.fail(what, cause);
    }
  }

  fail(what: string, cause: unknown): void {
    this.#failed.add(what);
    for (const line of linesOf(cause)) this.#print(`FAIL  ${what}: ${line}`);
  }
}

/** What to do about the failure, then what the browser or the system said. */
function linesOf(failure: unknown): readonly string[] {
  if (failure instanceof MachineError || failure instanceof StoreError) return [failure.message];
  const { message, cause } = GatewayError.from(failure);
  if (!(cause instanceof Error)) return [message];
  // Playwright quotes the browser's output with colour codes and process ids.
  const said = stripVTControlCharacters(cause.message)
    .split("\n")
    .map((line) => line.replace(/^.*?\[err\] /, "").trim());
  const lines = new Set(said.filter((line) => line !== "" && line !== message));
  return [message, ...[...lines].slice(0, MAX_QUOTED_LINES).map((line) => `  ${line}`)];
}
