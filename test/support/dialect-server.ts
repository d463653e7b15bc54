import Anthropic from "@anthropic-ai/sdk";
import type { ChatRequest } from "../../src/chat.ts";
import { JSON_HEADERS, KEY, serve, type Answer } from "./scripted-gateway.ts";

/** A server that notes what its site is asked, and answers each question with these texts, in turn. */
export async function openDialect(...texts: readonly string[]) {
  const asked: ChatRequest[] = [];
  const answer: Answer = async function* (request) {
    asked.push(request);
    yield { type: "text-delta", text: texts[asked.length - 1] ?? texts.at(-1) ?? "Hello" };
    yield { type: "end", finishReason: "stop" };
  };
  const server = await serve(answer);
  const send = (path: string, body: unknown) =>
    fetch(server.url + path, {
      method: "POST",
      headers: JSON_HEADERS,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const anthropic = new Anthropic({ apiKey: KEY, baseURL: server.url, maxRetries: 0 });
  return { ...server, anthropic, send, asked };
}

/** Without what the gateway says by itself. */
export function turnsOf(request: ChatRequest | undefined): ChatRequest["messages"] {
  return (request?.messages ?? []).filter(({ text }) => !text.startsWith("You can call tools."));
}

/** How a request for a message is answered, and what the model reads of it. */
export async function askMessages(messages: readonly object[], more: object = {}) {
  const { send, asked } = await openDialect();
  const response = await send("/v1/messages?beta=true", { model: "claude-x", max_tokens: 99, messages, ...more });
  const text = await response.text();
  return { status: response.status, text, turns: turnsOf(asked[0]), ignored: response.headers.get("x-ignored-params") };
}
