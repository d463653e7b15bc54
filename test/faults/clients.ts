import { Agent, fetch, type BodyInit, type RequestInit } from "undici";
import { API_KEY } from "../support/api-key.ts";
import { Asked, type Asking, type Ending, type Told } from "./asked.ts";
import { until } from "./until.ts";

/** Characters that come in about a quarter of a second. */
const TICKS_AT_LEAST = 25;
const BYSTANDING = 'bystander\n@sim {"chunks":1000000,"chunkDelayMs":50,"chunkText":"tick "}';
const MORE_LIMIT_MS = 60_000;
const RECOVERY_LIMIT_MS = 60_000;

type PostInit = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };

/** Those who ask a gateway, and a bystander who must not notice anything: a record of all that they were told. */
export abstract class Clients implements AsyncDisposable {
  readonly asked: Asked[] = [];
  protected bystander: Asked | undefined;
  #agent = new Agent();
  #faultMs = 0;
  #prompts = 0;

  abstract get url(): string;

  /** Asks without waiting. */
  ask(wanted: object | string = "", isStream = true): Asked {
    return this.record(this.#asking(this.prompt(wanted), isStream));
  }

  /** A prompt that is told from all others. */
  prompt(wanted: object | string = ""): string {
    this.#prompts += 1;
    return `request ${this.#prompts}\n${typeof wanted === "string" ? wanted : `@sim ${JSON.stringify(wanted)}`}`;
  }

  /** Whoever asks: what is asked and answered counts as evidence. */
  record(asking: Asking): Asked {
    const asked = new Asked(asking);
    this.asked.push(asked);
    return asked;
  }

  /** Sends a body to where chat completions are asked for; it is the caller who puts it on record. */
  post(body: BodyInit, { headers, ...init }: PostInit = {}): Promise<Told> {
    const usual = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
    const url = `${this.url}/v1/chat/completions`;
    return fetch(url, { dispatcher: this.#agent, method: "POST", body, ...init, headers: { ...usual, ...headers } });
  }

  /** Asks for an answer without end and resolves when it has begun. */
  async askEndless(): Promise<Asked> {
    const asked = this.ask({ chunks: 1_000_000, chunkDelayMs: 20, chunkText: "word " });
    await asked.begun();
    return asked;
  }

  /** The fault, from which on recovery is counted. */
  strike(): void {
    this.#faultMs = performance.now();
  }

  /** How long it took since the fault until an account that is not the bystander's answers again. */
  async recovered(): Promise<number> {
    for (;;) {
      const asked = this.ask("are you well?", false);
      await asked.over;
      if (asked.ending === "answered") return asked.endedMs - this.#faultMs;
      if (performance.now() - this.#faultMs > RECOVERY_LIMIT_MS) throw new Error(`it never recovered: ${asked.got}`);
    }
  }

  /** Closes the connections that are kept for further requests, once those under way are over. */
  async hangUp(): Promise<void> {
    const agent = this.#agent;
    this.#agent = new Agent();
    await agent.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  /** The bystander's answer is under way when it resolves. */
  protected async seatBystander(): Promise<void> {
    this.bystander = new Asked(this.#asking(BYSTANDING, true));
    await this.bystander.begun();
  }

  /** Resolves when the bystander got more, or will get no more. */
  async bystanderHasMore(): Promise<void> {
    const { bystander } = this;
    if (!bystander) return;
    const more = bystander.text.length + TICKS_AT_LEAST;
    const hasMore = (): boolean => bystander.text.length > more || bystander.ending !== "under way";
    await until("the bystander has more", hasMore, MORE_LIMIT_MS);
  }

  /** Sees that it is still being answered, and lets it go. */
  protected async dismissBystander(): Promise<Ending | undefined> {
    const { bystander } = this;
    if (!bystander) return undefined;
    await this.bystanderHasMore();
    const { ending } = bystander;
    bystander.leave();
    await bystander.over;
    return ending;
  }

  #asking(prompt: string, isStream: boolean): Asking {
    return { prompt, send: (signal) => this.post(chatBody(prompt, isStream), { signal }) };
  }
}

export function chatBody(prompt: string, isStream = false): string {
  return JSON.stringify({ model: "gptomni", stream: isStream, messages: [{ role: "user", content: prompt }] });
}
