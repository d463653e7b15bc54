import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../src/errors.ts";
import { fails, hangs, KEY, says, serve, type Answer } from "../../support/scripted-gateway.ts";

const HELLO = { model: "gptomni", max_tokens: 100, messages: [{ role: "user" as const, content: "Hello!" }] };
const WEATHER = {
  name: "weather",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};
const CALL = '<tool_call§ name="weather">{"city":"Oslo"}</tool_call§>';

async function open(answer: Answer, apiKey = KEY) {
  const server = await serve(answer);
  return { ...server, client: new Anthropic({ apiKey, baseURL: server.url, maxRetries: 0 }) };
}

async function failureOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  const outcome = await promise.then(
    () => new Error("it succeeded"),
    (cause: unknown) => cause as Error,
  );
  return outcome as unknown as Record<string, unknown>;
}

describe("a message in one piece", () => {
  test("has what Anthropic's has", async () => {
    const { client } = await open(says("Hel", "lo 😀"));
    const message = await client.messages.create(HELLO);
    expect(message).toMatchObject({
      id: expect.stringMatching(/^msg_\w{24}$/),
      type: "message",
      role: "assistant",
      model: "gptomni",
      content: [{ type: "text", text: "Hello 😀", citations: null }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 2, output_tokens: expect.any(Number) },
    });
    expect(message.usage.output_tokens).toBeGreaterThan(0);
  });

  test("ends at a stop sequence and says which, and at the limit", async () => {
    const { client } = await open(says("one two three four five"));
    const stopped = await client.messages.create({ ...HELLO, stop_sequences: [" four", "never"] });
    expect([stopped.stop_reason, stopped.stop_sequence]).toEqual(["stop_sequence", " four"]);
    expect(stopped.content).toMatchObject([{ text: "one two three" }]);
    const cut = await client.messages.create({ ...HELLO, max_tokens: 2 });
    expect([cut.stop_reason, cut.content]).toMatchObject(["max_tokens", [{ text: "one two" }]]);
  });

  test("calls a tool, and goes on with its result", async () => {
    const asked: string[] = [];
    const { client } = await open(async function* (request) {
      asked.push(request.messages.map(({ role, text }) => `${role}: ${text}`).join("\n"));
      yield { type: "text-delta", text: asked.length === 1 ? `Let me see.\n${CALL}` : "It is cold." };
      yield { type: "end", finishReason: "stop" };
    });
    const first = await client.messages.create({ ...HELLO, tools: [WEATHER] });
    expect(first.stop_reason).toBe("tool_use");
    const call = first.content.find((block) => block.type === "tool_use");
    expect(call).toMatchObject({
      id: expect.stringMatching(/^toolu_\w{24}$/),
      name: "weather",
      input: { city: "Oslo" },
    });
    const second = await client.messages.create({
      ...HELLO,
      system: "Be brief.",
      tools: [WEATHER],
      messages: [
        ...HELLO.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "4 degrees" }] },
      ],
    });
    expect(second.content).toMatchObject([{ type: "text", text: "It is cold." }]);
    expect(asked[1]).toContain("system: Be brief.");
    expect(asked[1]).toContain("tool: 4 degrees");
  });
});

describe("a streamed message", () => {
  test("comes event by event", async () => {
    const { client } = await open(says("Hel", "lo"));
    const events = [];
    for await (const event of await client.messages.create({ ...HELLO, stream: true })) events.push(event);
    expect(events.map(({ type }) => type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(events[0]).toMatchObject({ message: { content: [], usage: { input_tokens: 2, output_tokens: 0 } } });
    expect(events[5]).toMatchObject({ delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } });
  });

  test("is put together by the stream helper, calls and all", async () => {
    const { client } = await open(says("Let me see.\n", CALL));
    const message = await client.messages.stream({ ...HELLO, tools: [WEATHER] }).finalMessage();
    expect(message.content).toMatchObject([{ type: "text" }, { type: "tool_use", input: { city: "Oslo" } }]);
    expect(message.stop_reason).toBe("tool_use");
  });

  test("that breaks off is an error, and keeps its text", async () => {
    const { client } = await open(fails(new GatewayError("reply_cut", "The site broke off."), "half "));
    const stream = client.messages.stream(HELLO);
    let text = "";
    stream.on("text", (piece) => (text += piece));
    const failure = await failureOf(stream.finalMessage());
    expect(String(failure["message"])).toContain("The site broke off.");
    expect(text).toBe("half ");
  });

  test("ends when the client leaves", async () => {
    const { client } = await open(hangs("tick "));
    const stream = client.messages.stream(HELLO);
    await new Promise<void>((resolve) => stream.on("text", () => resolve()));
    stream.abort();
    await expect(stream.finalMessage()).rejects.toThrow(/abort/i);
  });
});

describe("a failure", () => {
  test.each<[string, object, [number, string], RegExp]>([
    ["without max_tokens", { max_tokens: undefined }, [400, "invalid_request_error"], /max_tokens/],
    ["of a model whose name is no name", { model: "claude".repeat(50) }, [404, "not_found_error"], /claude/],
    ["of a wrong value", { temperature: 2 }, [400, "invalid_request_error"], /temperature/],
    [
      "of an image",
      { messages: [{ role: "user", content: [{ type: "image" }] }] },
      [400, "invalid_request_error"],
      /image/,
    ],
    [
      "of a result without its call",
      { messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "x" }] }] },
      [400, "invalid_request_error"],
      /tool_use/,
    ],
    [
      "of a choice with nothing to call",
      { tool_choice: { type: "any" } },
      [400, "invalid_request_error"],
      /tool_choice/,
    ],
  ])("%s is told in Anthropic's form", async (_name, changes, [status, type], words) => {
    const { client } = await open(says("Hello"));
    const failure = await failureOf(client.messages.create({ ...HELLO, ...changes } as never));
    expect(failure).toMatchObject({
      status,
      error: { type: "error", error: { type }, request_id: expect.any(String) },
    });
    expect(String(failure["message"])).toMatch(words);
  });

  test("of the key, and of the pace", async () => {
    const stranger = await open(says("Hello"), "sk-wrong");
    expect(await failureOf(stranger.client.messages.create(HELLO))).toBeInstanceOf(Anthropic.AuthenticationError);
    const busy = await open(fails(new GatewayError("rate_limit_exceeded", "Busy.", { retryAfterMs: 2_000 })));
    const failure = await failureOf(busy.client.messages.create(HELLO));
    expect(failure).toBeInstanceOf(Anthropic.RateLimitError);
    expect((failure["headers"] as Headers).get("retry-after")).toBe("2");
    expect((failure["headers"] as Headers).get("request-id")).toMatch(/^req_/);
  });
});

test("tokens are counted without asking the site", async () => {
  const { client } = await open(fails(new Error("the site was asked")));
  const bare = await client.messages.countTokens({ model: "gptomni", messages: HELLO.messages });
  expect(bare.input_tokens).toBe(2);
  const tooled = await client.messages.countTokens({ model: "gptomni", messages: HELLO.messages, tools: [WEATHER] });
  expect(tooled.input_tokens).toBeGreaterThan(50);
});
