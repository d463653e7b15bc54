import { describe, expect, test } from "vitest";
import type { ChatRequest, ReplyPart } from "../../src/chat.ts";
import { pieces } from "../../src/turn/pieces.ts";
import { JSON_HEADERS, says, serve, type Answer } from "../support/scripted-gateway.ts";

const MAX_LINE_BYTES = 32 * 1024;
/** What costs most as JSON: control characters, quotes, pairs, and halves of pairs that stand alone. */
const WORST = '\u0001"\\😀é\n漢\ud83d ';
const MEGABYTE = WORST.repeat(Math.ceil(1_000_000 / Buffer.byteLength(WORST)));
const MESSAGES = [{ role: "user", content: "Write a lot." }];

type Json = Record<string, unknown>;

/** The lines of a stream, as a client reads them that stops at lines that are too long. */
async function linesOf(url: string, path: string, body: object): Promise<Json[]> {
  const init = {
    method: "POST",
    headers: JSON_HEADERS,
    body: JSON.stringify({ model: "gptomni", stream: true, ...body }),
  };
  const response = await fetch(url + path, init);
  expect(response.status).toBe(200);
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: {"));
  return lines.map((line) => ({
    ...(JSON.parse(line.slice("data: ".length)) as Json),
    bytes: Buffer.byteLength(line),
  }));
}

/** Events of the Responses API that hold a whole text or the whole response, as its specification has it. */
function isWhole({ type }: Json): boolean {
  return /\.(?:done|created|in_progress|completed)$/.test(String(type));
}

function longest(events: readonly Json[]): number {
  return Math.max(...events.map(({ bytes }) => Number(bytes)));
}

/** Every value under this key, in order. */
function textAt(value: unknown, key: string): string {
  if (Array.isArray(value)) return value.map((one) => textAt(one, key)).join("");
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .map(([name, inner]) => (name === key && typeof inner === "string" ? inner : textAt(inner, key)))
    .join("");
}

const DIALECTS = [
  ["/v1/chat/completions", { messages: MESSAGES }, "content"],
  ["/v1/completions", { prompt: "Write a lot." }, "text"],
  ["/v1/messages", { messages: MESSAGES, max_tokens: 9_999_999 }, "text"],
  ["/v1/responses", { input: "Write a lot." }, "delta"],
] as const;

describe("no line of a stream is longer than 32 KB", () => {
  test.each(DIALECTS)("%s: a piece of 1 MB", async (path, body, key) => {
    const { url } = await serve(says(MEGABYTE));
    const events = (await linesOf(url, path, body)).filter((event) => !isWhole(event));
    expect(longest(events)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(textAt(events, key) === MEGABYTE).toBe(true);
  });

  test.each([
    ["/v1/chat/completions", { messages: MESSAGES }, "reasoning_content"],
    ["/v1/messages", { messages: MESSAGES, max_tokens: 9_999_999 }, "thinking"],
    ["/v1/responses", { input: "Write a lot." }, "delta"],
  ] as const)("%s: a thought of 1 MB", async (path, body, key) => {
    const answer: Answer = async function* (): AsyncGenerator<ReplyPart, void, undefined> {
      yield { type: "reasoning-delta", text: MEGABYTE };
      yield { type: "end", finishReason: "stop" };
    };
    const { url } = await serve(answer);
    const events = (await linesOf(url, path, body)).filter((event) => !isWhole(event));
    expect(longest(events)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(textAt(events, key) === MEGABYTE).toBe(true);
  });

  const parameters = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
  const TOOLS = [
    ["/v1/chat/completions", "tools", { tools: [{ type: "function", function: { name: "write", parameters } }] }],
    ["/v1/chat/completions", "functions", { functions: [{ name: "write", parameters }] }],
    ["/v1/chat/completions", "custom tools", { tools: [{ type: "custom", custom: { name: "write" } }] }],
    ["/v1/messages", "tools", { tools: [{ name: "write", input_schema: parameters }], max_tokens: 9_999_999 }],
    ["/v1/responses", "tools", { tools: [{ type: "function", name: "write", parameters, strict: false }] }],
    ["/v1/responses", "custom tools", { tools: [{ type: "custom", name: "write" }] }],
  ] as const;

  test.each(TOOLS)("%s: a call with 500 KB (%s)", async (path, kind, tools) => {
    const text = 'a "line"\n'.repeat(500_000 / 9);
    const given = kind === "custom tools" ? text : JSON.stringify({ text });
    const { url } = await serve(callsTool(given));
    const body = path === "/v1/responses" ? { input: "Write it." } : { messages: MESSAGES };
    const events = (await linesOf(url, path, { ...body, ...tools })).filter((event) => !isWhole(event));
    expect(longest(events)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    const key = {
      "/v1/chat/completions": kind === "custom tools" ? "input" : "arguments",
      "/v1/messages": "partial_json",
    };
    const told = textAt(events, key[path as keyof typeof key] ?? "delta");
    expect(told.trim() === given.trim()).toBe(true);
  });

  test("/v1/completions: an echo of 1 MB", async () => {
    const { url } = await serve(says("."), { limits: { maxBodyBytes: 9_000_000 } });
    const prompt = "é".repeat(500_000);
    const events = await linesOf(url, "/v1/completions", { prompt, echo: true });
    expect(longest(events)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(textAt(events, "text") === `${prompt}.`).toBe(true);
  });
});

/** Calls the tool in the form that it was told to use. */
function callsTool(given: string): Answer {
  return async function* (request: ChatRequest): AsyncGenerator<ReplyPart, void, undefined> {
    const rules = request.messages.map(({ text }) => text).join("\n");
    const open = /<(tool_call\S*) name="/.exec(rules)?.[1] ?? "tool_call";
    yield { type: "text-delta", text: `<${open} name="write">${given}</${open}>` };
    yield { type: "end", finishReason: "stop" };
  };
}

test("text is cut between characters only, and nothing is lost", () => {
  const parts = [...pieces(`x${"😀".repeat(20_000)}`)];
  expect(parts.join("")).toBe(`x${"😀".repeat(20_000)}`);
  expect(parts.every((part) => part.isWellFormed())).toBe(true);
  expect([...pieces("")]).toEqual([""]);
});
