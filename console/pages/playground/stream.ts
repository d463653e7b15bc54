import { DIALECTS, type Asked, type DialectName, type StreamEvent } from "./dialects.ts";

export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

interface StreamListener {
  readonly onHead: (head: AnswerHead) => void;
  readonly onText: (text: string) => void;
}

interface Question {
  readonly dialect: DialectName;
  readonly asked: Asked;
  readonly apiKey: string;
  readonly signal: AbortSignal;
}

/**
 * Asks the gateway as any client does: with an API key, not with the console's session.
 * @throws Error with the gateway's message; `AbortError` if the signal aborts
 */
export async function ask({ dialect, asked, apiKey, signal }: Question, listener: StreamListener): Promise<void> {
  const { path, bodyOf, textOf, failureOf } = DIALECTS[dialect];
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
    body: JSON.stringify(bodyOf(asked)),
    credentials: "omit",
    signal,
  });
  listener.onHead({ status: response.status, headers: [...response.headers] });
  if (!response.ok || !response.body) throw new Error(await messageOf(response));
  for await (const data of dataLines(response.body)) {
    if (data === "[DONE]") return;
    const event = JSON.parse(data) as StreamEvent;
    const failure = failureOf(event);
    if (failure !== undefined) throw new Error(failure);
    listener.onText(textOf(event));
  }
}

async function messageOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  return body.error?.message ?? `Status ${response.status}`;
}

/** The data of each server-sent event. The gateway writes each on one line. */
async function* dataLines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void, undefined> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value = "" } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      yield* lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
