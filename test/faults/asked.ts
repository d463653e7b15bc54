import { fetch, type Agent } from "undici";

export interface Asking {
  readonly url: string;
  readonly apiKey: string;
  readonly agent: Agent;
  readonly prompt: string;
  readonly isStream: boolean;
}

/** answered: whole · refused: an error with a status · broken off: an error in the stream · left: by the client itself. */
export type Ending = "under way" | "answered" | "refused" | "broken off" | "left" | "connection lost";

interface Frame {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string };
    readonly finish_reason?: string | null;
  }[];
  readonly error?: { readonly code: string };
}

/** One request of one client, and everything that the client was told. */
export class Asked {
  readonly prompt: string;
  readonly isStream: boolean;
  readonly startedMs = performance.now();
  endedMs = 0;
  requestId: string | undefined;
  status: number | undefined;
  attempts = 1;
  ending: Ending = "under way";
  code: string | undefined;
  /** As it came over the wire, and the answer's text in it. */
  raw = "";
  text = "";
  finishReason: string | undefined;
  /** How often the stream said that it is over. */
  terminators = 0;
  readonly over: Promise<void>;
  readonly #leaving = new AbortController();
  #onText: (() => void)[] = [];

  constructor(asking: Asking) {
    this.prompt = asking.prompt;
    this.isStream = asking.isStream;
    this.over = this.#run(asking).finally(() => {
      this.endedMs = performance.now();
      this.#tellText();
    });
  }

  leave(): void {
    this.#leaving.abort();
  }

  /** Resolves with the first of the answer's text, or with the end. */
  async begun(): Promise<void> {
    while (this.text === "" && this.ending === "under way") {
      await new Promise<void>((resolve) => this.#onText.push(resolve));
    }
  }

  /** What the client got, in a few words. */
  get got(): string {
    const after = this.attempts > 1 ? `, ${this.attempts} attempts` : "";
    if (this.ending === "refused") return `${this.status} \`${this.code}\``;
    if (this.ending === "broken off") return `${this.text === "" ? "" : "text, then "}error \`${this.code}\``;
    return `${this.ending === "answered" ? "answer" : this.ending}${after}`;
  }

  async #run({ url, apiKey, agent, prompt, isStream }: Asking): Promise<void> {
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        dispatcher: agent,
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "gptomni", stream: isStream, messages: [{ role: "user", content: prompt }] }),
        signal: this.#leaving.signal,
      });
      this.status = response.status;
      this.requestId = response.headers.get("x-request-id") ?? undefined;
      this.attempts = Number(response.headers.get("x-gateway-attempts") ?? 1);
      const isEvents = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
      const decoder = new TextDecoder();
      for await (const bytes of response.body ?? []) {
        this.raw += decoder.decode(bytes as Uint8Array, { stream: true });
        if (isEvents) this.#readFrames();
      }
      if (isEvents) this.#closeStream();
      else this.#readWhole();
    } catch {
      this.ending = this.#leaving.signal.aborted ? "left" : "connection lost";
    }
  }

  #readAt = 0;

  #readFrames(): void {
    for (;;) {
      const end = this.raw.indexOf("\n\n", this.#readAt);
      if (end < 0) return;
      const frame = this.raw.slice(this.#readAt, end);
      this.#readAt = end + 2;
      if (frame === "data: [DONE]") this.terminators += 1;
      else this.#readFrame(JSON.parse(frame.replace(/^data: /, "")) as Frame);
    }
  }

  #readFrame({ choices, error }: Frame): void {
    if (error) {
      this.code = error.code;
      this.terminators += 1;
    }
    const [choice] = choices ?? [];
    this.finishReason ??= choice?.finish_reason ?? undefined;
    if (!choice?.delta?.content) return;
    this.text += choice.delta.content;
    this.#tellText();
  }

  #closeStream(): void {
    if (this.code !== undefined) this.ending = "broken off";
    else this.ending = this.terminators > 0 ? "answered" : "connection lost";
  }

  #readWhole(): void {
    const { choices, error } = JSON.parse(this.raw) as {
      choices?: { message: { content: string }; finish_reason: string }[];
      error?: { code: string };
    };
    this.terminators = 1;
    this.code = error?.code;
    this.text = choices?.[0]?.message.content ?? "";
    this.finishReason = choices?.[0]?.finish_reason;
    this.ending = error ? "refused" : "answered";
  }

  #tellText(): void {
    for (const tell of this.#onText.splice(0)) tell();
  }
}
