import { Agent, request, type Dispatcher } from "undici";
import type { Fault } from "../../src/simulator/fault.ts";
import { Simulator, type SimulatorOptions } from "../../src/simulator/simulator.ts";

export type Answer = Dispatcher.ResponseData;

interface Sending {
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly body?: string;
  readonly path?: string;
}

/** A site, an account `alice`, and a client that asks as the site's own page does. */
export class Visitor implements AsyncDisposable {
  readonly site: Simulator;
  readonly cookie: string;
  readonly #agent: Agent;

  private constructor(site: Simulator, allowH2: boolean) {
    this.site = site;
    this.cookie = site.addAccount("alice");
    this.#agent = new Agent({ allowH2, connect: { rejectUnauthorized: false } });
  }

  static async open(options: SimulatorOptions = {}, allowH2 = true): Promise<Visitor> {
    return new Visitor(await Simulator.start({ chunkDelayMs: 1, ...options }), allowH2);
  }

  get(path: string, cookie = this.cookie): Promise<Answer> {
    return request(`${this.site.origin}${path}`, { dispatcher: this.#agent, headers: { cookie } });
  }

  /** Without waiting for the answer's text. */
  send(
    prompt: string,
    { cookie = this.cookie, headers = {}, signal, body, path = "/api/chatWithText" }: Sending = {},
  ): Promise<Answer> {
    const { origin } = this.site;
    return request(`${origin}${path}`, {
      dispatcher: this.#agent,
      method: "POST",
      headers: {
        cookie,
        origin,
        referer: `${origin}/zh`,
        "sec-fetch-site": "same-origin",
        "content-type": "text/plain;charset=UTF-8",
        ...headers,
      },
      body: body ?? JSON.stringify({ prompt }),
      ...(signal ? { signal } : {}),
    });
  }

  meet(fault: Fault): Promise<Answer> {
    this.site.failNext(fault);
    return this.send("hello");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    await this.#agent.destroy();
  }
}

/** The status of an answer whose text does not matter. */
export async function status(answer: Promise<Answer>): Promise<number> {
  const { statusCode, body } = await answer;
  await body.dump();
  return statusCode;
}
