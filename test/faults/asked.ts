/** What is read of an answer, whoever fetched it. */
export interface Told {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<unknown> | null;
}

export interface Asking {
  readonly prompt: string;
  /** Asks, until the signal ends it. */
  readonly send: (signal: AbortSignal) => Promise<Told>;
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
  /** As the site gets it: whoever has the gateway add to it sets it anew. */
  prompt: string;
  readonly startedMs = performance.now();
  endedMs = 0;
  requestId: string | undefined;
  status: number | undefined;
  attempts = 1;
  /** What the client's SDK is told to do. */
  shouldRetry: string | undefined;
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

  async #run({ send }: Asking): Promise<void> {
    try {
      const response = await send(this.#leaving.signal);
      this.status = response.status;
      this.requestId = response.headers.get("x-request-id") ?? undefined;
      this.shouldRetry = response.headers.get("x-should-retry") ?? undefined;
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
