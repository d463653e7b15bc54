import type { ChatRequest } from "../../src/chat.ts";
import { parseResponseRequest } from "../../src/dialects/openai/responses/request.ts";
import { ResponseStore } from "../../src/dialects/openai/responses/response-store.ts";
import { JSON_HEADERS, serve, type Answer } from "./scripted-gateway.ts";

export const ASK = { model: "gptomni", input: "Hello!" };
export const WEATHER = {
  type: "function" as const,
  name: "weather",
  description: "Tells it.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  strict: true,
};

/** A request's body, read by a gateway that has stored nothing. */
export function parse(changes: object) {
  return parseResponseRequest({ ...ASK, ...changes }, { store: new ResponseStore(), owner: "master" });
}

/** What the items become as messages, in the middle of a conversation. */
export function history(...items: object[]) {
  const around = [{ role: "user", content: "first" }, ...items, { role: "user", content: "and now?" }];
  const { ask, ignoredParams } = parse({ input: around });
  const [first, ...rest] = ask.chat.messages;
  if (first?.text !== "first" || rest.at(-1)?.text !== "and now?") throw new Error("What stands around it is lost.");
  return { messages: rest.slice(0, -1), leftOut: ignoredParams };
}

export interface Event {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A server and what it was asked, turn by turn. */
export async function open(answer: Answer, overrides: Parameters<typeof serve>[1] = {}, send = fetch) {
  const asked: ChatRequest[] = [];
  const listening: Answer = (request, signal) => {
    asked.push(request);
    return answer(request, signal);
  };
  const server = await serve(listening, overrides);
  const respond = (changes: object) =>
    send(`${server.url}/v1/responses`, {
      method: "POST",
      headers: JSON_HEADERS,
      body: JSON.stringify({ ...ASK, ...changes }),
    });
  const get = (path: string, method = "GET") =>
    fetch(`${server.url}/v1/responses/${path}`, { method, headers: JSON_HEADERS });
  return { ...server, respond, get, asked, turns: () => asked.at(-1)?.messages };
}

/** Answers in turn, each in pieces; the last one again and again. */
export function saysInTurn(...answers: string[]): Answer {
  let turn = 0;
  return async function* () {
    const text = answers[Math.min(turn, answers.length - 1)] ?? "";
    turn += 1;
    for (const piece of text.match(/[^]{1,4}/g) ?? []) yield { type: "text-delta", text: piece };
    yield { type: "end", finishReason: "stop" };
  };
}

/** The events of a stream, whose frames name what they hold and are numbered without a gap. */
export function eventsOf(text: string): Event[] {
  const frames = text.split("\n\n").filter((frame) => frame !== "");
  return frames.map((frame, index) => {
    const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(frame) ?? [];
    const event = JSON.parse(data ?? "") as Event;
    if (event.type !== name || event["sequence_number"] !== index) throw new Error(`A wrong frame: ${frame}`);
    return event;
  });
}
