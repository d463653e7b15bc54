import { setTimeout as delay } from "node:timers/promises";
import OpenAI from "openai";
import { API_KEY } from "../support/api-key.ts";
import { until } from "../faults/until.ts";
import { ask, type Asking, type Told } from "./told.ts";

/** Clients that ask at the same time. */
const ASKERS = [
  "openai, streamed",
  "openai, streamed",
  "openai, whole",
  "fetch, streamed",
  "fetch, streamed",
  "fetch, whole",
];
/** What is asked for in turn: an echo, a second of text, a late first byte, three seconds of text. */
const WANTED: readonly object[] = [
  {},
  { chunks: 12, chunkDelayMs: 80, chunkText: "word " },
  { firstByteDelayMs: 1_500 },
  { chunks: 30, chunkDelayMs: 100, chunkText: "slow " },
];
/** A client that was refused asks again after this. */
const PAUSE_AFTER_ERROR_MS = 250;

/** Clients that ask one question after the other, through nginx, and what they were told. */
export class Load implements AsyncDisposable {
  readonly #told: Told[];
  readonly #own: Told[] = [];
  readonly #asking: Asking;
  readonly #ending = new AbortController();
  readonly #running: readonly Promise<void>[];
  #isOver = false;

  /** `url`: without a path. `told`: grows by what its clients are told. `askers`: how those ask that ask all the time. */
  constructor(url: string, told: Told[], askers: readonly string[] = ASKERS) {
    this.#told = told;
    const baseUrl = `${url}/v1`;
    const official = new OpenAI({ apiKey: API_KEY, baseURL: baseUrl, maxRetries: 0 });
    this.#asking = { baseUrl, apiKey: API_KEY, official, signal: this.#ending.signal };
    this.#running = askers.map((client) => this.#keepAsking(client));
  }

  /** What its own clients were told. */
  get own(): readonly Told[] {
    return this.#own;
  }

  /** Asks one question more, beside the others. */
  async ask(client: string, prompt = this.#prompt()): Promise<Told> {
    const told = begun(client, prompt);
    this.#told.push(told);
    this.#own.push(told);
    await ask(told, this.#asking);
    return told;
  }

  /** Asks for an answer without end. Gives its prompt. */
  askEndless(): string {
    const prompt = this.#prompt({ chunks: 1_000_000, chunkDelayMs: 100, chunkText: "endless " });
    void this.ask("fetch, streamed", prompt);
    return prompt;
  }

  /** Resolves when every request that is under way now has ended. */
  async settled(limitMs: number): Promise<void> {
    const open = this.#own.filter(({ ending }) => ending === "under way");
    const isOver = (): boolean => open.every(({ ending }) => ending !== "under way");
    await until("every request has ended", isOver, limitMs).catch((cause: unknown) => {
      const left = open.filter(({ ending }) => ending === "under way");
      throw new Error(`${left.length} requests hang, one through ${left[0]?.door ?? "an unknown replica"}`, { cause });
    });
  }

  /** Resolves when so many more were answered. */
  async answers(count: number, limitMs: number): Promise<void> {
    const answered = (): number => this.#own.filter(({ ending }) => ending === "answered").length;
    const before = answered();
    await until(`${count} more answers`, () => answered() >= before + count, limitMs);
  }

  /** Ends when what is under way has ended. */
  async stop(limitMs: number): Promise<void> {
    this.#isOver = true;
    await this.settled(limitMs);
    await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#ending.abort();
    await Promise.all(this.#running);
  }

  async #keepAsking(client: string): Promise<void> {
    while (!this.#isOver) {
      const { ending } = await this.ask(client);
      if (ending !== "answered") await delay(PAUSE_AFTER_ERROR_MS);
    }
  }

  #prompt(wanted?: object): string {
    const number = this.#told.length + 1;
    return `request ${number}\n@sim ${JSON.stringify(wanted ?? WANTED[number % WANTED.length])}`;
  }
}

function begun(client: string, prompt: string): Told {
  const nothing = { endedMs: 0, code: undefined, message: "", text: "", door: undefined, replica: undefined };
  return { prompt, client, startedMs: performance.now(), ending: "under way", ...nothing };
}
