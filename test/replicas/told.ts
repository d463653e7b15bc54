import { APIConnectionError, APIError } from "openai";
import type OpenAI from "openai";

/**
 * answered: whole · failed: an error that has a code, before the answer or in its stream · connection lost: neither an end
 * nor an error came.
 */
type Ending = "under way" | "answered" | "failed" | "connection lost";

/** One request of a client, and what the client was told. */
export interface Told {
  readonly prompt: string;
  /** Which program asked, and how. */
  readonly client: string;
  readonly startedMs: number;
  endedMs: number;
  ending: Ending;
  code: string | undefined;
  message: string;
  /** The answer's text, as far as it came. */
  text: string;
  /** The replica that nginx passed the request to, as host and port; undefined before the answer's head came. */
  door: string | undefined;
  /** The id of the replica whose account answered. */
  replica: string | undefined;
}

/** The header by which the test's nginx names the replica that it asked. */
export const DOOR_HEADER = "x-door";

export interface Asking {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly official: OpenAI;
  readonly signal: AbortSignal;
}

/** Ways to ask for one chat completion; each fills in what it is told. Rejects with what the connection or the client says. */
const CLIENTS: Readonly<Record<string, (told: Told, asking: Asking) => Promise<void>>> = {
  "openai, streamed": async (told, { official, signal }) => {
    const asked = official.chat.completions.create({ ...bodyOf(told.prompt), stream: true }, { signal });
    const { data, response } = await asked.withResponse();
    readHead(told, response.headers);
    let finish: string | null | undefined;
    for await (const chunk of data) {
      told.text += chunk.choices[0]?.delta.content ?? "";
      finish ??= chunk.choices[0]?.finish_reason;
    }
    told.ending = finish ? "answered" : "connection lost";
  },
  "openai, whole": async (told, { official, signal }) => {
    const asked = official.chat.completions.create(bodyOf(told.prompt), { signal });
    const { data, response } = await asked.withResponse();
    readHead(told, response.headers);
    told.text = data.choices[0]?.message.content ?? "";
    told.ending = "answered";
  },
  "fetch, streamed": async (told, asking) => {
    const response = await post(told, asking, true);
    if (response.ok) readEvents(told, await received(response));
    else readError(told, await response.text());
  },
  "fetch, whole": async (told, asking) => {
    const response = await post(told, asking, false);
    const body = await response.text();
    if (!response.ok) return readError(told, body);
    const { choices } = JSON.parse(body) as { readonly choices: readonly { readonly message: { content: string } }[] };
    told.text = choices[0]?.message.content ?? "";
    told.ending = "answered";
  },
};

/** Asks in one of the ways. What it rejects with becomes the ending. */
export async function ask(told: Told, asking: Asking): Promise<void> {
  try {
    await CLIENTS[told.client]?.(told, asking);
  } catch (cause) {
    const error = cause instanceof APIError && !(cause instanceof APIConnectionError) ? cause : undefined;
    if (error?.headers) readHead(told, error.headers);
    told.code = error?.code ?? undefined;
    told.message = String(cause);
    told.ending = told.code === undefined ? "connection lost" : "failed";
  }
  told.endedMs = performance.now();
}

function bodyOf(prompt: string) {
  return { model: "gptomni", messages: [{ role: "user" as const, content: prompt }] };
}

async function post(told: Told, { baseUrl, apiKey, signal }: Asking, stream: boolean): Promise<Response> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ ...bodyOf(told.prompt), stream }),
    signal,
  });
  readHead(told, response.headers);
  return response;
}

function readHead(told: Told, headers: Headers): void {
  told.door = headers.get(DOOR_HEADER) ?? undefined;
  told.replica = headers.get("x-gateway-replica") ?? undefined;
}

/** What came, even if the connection broke. */
async function received(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
  } catch {
    // What is missing is seen in the events.
  }
  return text;
}

interface Frame {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
  readonly error?: { readonly code?: string; readonly message: string };
}

function readEvents(told: Told, text: string): void {
  const frames = text.split("\n\n").filter((frame) => frame.startsWith("data: "));
  const isWhole = frames.at(-1) === "data: [DONE]";
  const read = frames.slice(0, isWhole ? -1 : undefined).map((frame) => JSON.parse(frame.slice(6)) as Frame);
  told.text = read.map(({ choices }) => choices?.[0]?.delta?.content ?? "").join("");
  const error = read.find((frame) => frame.error)?.error;
  told.code = error?.code;
  told.message = error?.message ?? "";
  told.ending = told.code === undefined ? (isWhole ? "answered" : "connection lost") : "failed";
}

function readError(told: Told, body: string): void {
  const { error } = JSON.parse(body) as { readonly error: { readonly code: string; readonly message: string } };
  [told.code, told.message] = [error.code, error.message];
  told.ending = "failed";
}
