import type { CDPSession } from "playwright";

/** What a page said in its console, cut where it is long. */
export interface ConsoleLine {
  /** In Unix time, milliseconds. */
  readonly at: number;
  /** As Chromium names it: log, warning, error, …; `exception` for an error that nobody caught. */
  readonly type: string;
  readonly text: string;
}

const MAX_LINES = 50;
const MAX_CHARACTERS = 500;
const MAX_VALUES = 10;

/** The last lines of one page's console. */
export class PageConsole {
  readonly #lines: ConsoleLine[] = [];

  /** `cdp`: has `Runtime` enabled, so its messages come anyway. */
  constructor(cdp: CDPSession) {
    cdp.on("Runtime.consoleAPICalled", ({ type, args, timestamp }) => {
      const values = args.slice(0, MAX_VALUES).map(({ value, description, type: kind }) => {
        return String(value ?? description ?? kind).slice(0, MAX_CHARACTERS);
      });
      this.#add(timestamp, type, values.join(" "));
    });
    cdp.on("Runtime.exceptionThrown", ({ timestamp, exceptionDetails: { exception, text } }) => {
      this.#add(timestamp, "exception", (exception?.description ?? text).slice(0, MAX_CHARACTERS));
    });
  }

  get lines(): readonly ConsoleLine[] {
    return [...this.#lines];
  }

  #add(at: number, type: string, text: string): void {
    if (this.#lines.length >= MAX_LINES) this.#lines.shift();
    // A part of a long text would keep all of it in memory.
    const copy = Buffer.from(text.slice(0, MAX_CHARACTERS)).toString();
    this.#lines.push({ at: Math.round(at), type, text: copy });
  }
}
