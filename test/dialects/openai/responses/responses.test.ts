import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../../src/errors.ts";
import type { AnswerEnd, AnswerPart } from "../../../../src/turn/ask.ts";
import { numbered, toResponseEvents } from "../../../../src/dialects/openai/responses/events.ts";
import { answersOf } from "../../../support/answers.ts";
import { eventsOf, open, parse, WEATHER, type Event } from "../../../support/responses-client.ts";
import { fails, says, thinksFor } from "../../../support/scripted-gateway.ts";

const ID = { response: /^resp_[0-9a-f]{48}$/, message: /^msg_[0-9a-f]{48}$/ };
const USAGE = {
  input_tokens: 2,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: 1,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 3,
};

/** The whole that every response shows. */
function shown(changes: object) {
  return {
    id: expect.stringMatching(ID.response),
    object: "response",
    created_at: expect.closeTo(Date.now() / 1000, -1),
    status: "completed",
    background: false,
    completed_at: expect.closeTo(Date.now() / 1000, -1),
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    model: "gptomni",
    parallel_tool_calls: true,
    previous_response_id: null,
    prompt_cache_key: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    service_tier: "default",
    store: true,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: "auto",
    tools: [],
    top_logprobs: 0,
    top_p: 1,
    truncation: "disabled",
    metadata: {},
    usage: USAGE,
    ...changes,
  };
}

function outputText(text: string) {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

/** The events that an answer becomes. */
async function eventsFrom(...parts: AnswerPart[]): Promise<Event[]> {
  return Array.fromAsync(numbered(toResponseEvents(answersOf(...parts), parse({}))));
}

const end = (finishReason: AnswerEnd = "stop") => ({ type: "end", finishReason }) as const;
const text = (delta: string) => ({ type: "text-delta", text: delta }) as const;
const call = (kind: "function" | "custom", given: string) =>
  ({ type: "tool-call", id: "call_1", kind, name: "weather", arguments: given }) as const;

function lastResponse(events: readonly Event[]) {
  return events.at(-1)?.["response"] as { output: unknown[]; status: string; incomplete_details: unknown };
}

describe("a response in one piece", () => {
  test("has every field that OpenAI's has", async () => {
    const { respond } = await open(says("Hel", "lo"));
    const response = await respond({});
    expect(response.status).toBe(200);
    const message = { type: "message", status: "completed", role: "assistant", content: [outputText("Hello")] };
    expect(await response.json()).toEqual(shown({ output: [{ id: expect.stringMatching(ID.message), ...message }] }));
  });

  test("repeats what was asked for", async () => {
    const { respond } = await open(says('{"a":1}'));
    const format = { type: "json_schema", name: "a", schema: { type: "object" } };
    const response = await respond({
      instructions: "Be brief.",
      temperature: 0.5,
      max_output_tokens: 100,
      metadata: { a: "b" },
      store: false,
      text: { format },
      tools: [{ type: "web_search" }, WEATHER, { type: "custom", name: "shell" }],
      tool_choice: "none",
    });
    expect(response.headers.get("x-ignored-params")).toBe("temperature, web_search");
    expect(response.headers.get("x-emulated-params")).toBe("tools, max_output_tokens, text.format");
    expect(await response.json()).toMatchObject({
      instructions: "Be brief.",
      temperature: 0.5,
      max_output_tokens: 100,
      metadata: { a: "b" },
      store: false,
      text: { format: { ...format, description: null, strict: true }, verbosity: "medium" },
      tools: [WEATHER, { type: "custom", name: "shell", description: null, format: { type: "text" } }],
      tool_choice: "none",
    });
  });

  test("is an error when the site's answer breaks off", async () => {
    const { respond } = await open(fails(new GatewayError("reply_cut", "The answer broke off."), "Hel"));
    const response = await respond({});
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({
      error: { message: "The answer broke off.", type: "server_error", param: null, code: "reply_cut" },
    });
  });
});

describe("a streamed response", () => {
  test("tells each step, with the same ids throughout", async () => {
    const { respond } = await open(says("Hel", "lo"));
    const response = await respond({ stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = eventsOf(await response.text());
    const { id, created_at } = (events[0] as unknown as { response: { id: string; created_at: number } }).response;
    const { id: item_id } = (events[2] as unknown as { item: { id: string } }).item;
    const begun = shown({ id, created_at, status: "in_progress", completed_at: null, output: [], usage: null });
    const message = { id: item_id, type: "message", status: "completed", role: "assistant" };
    const done = { ...message, content: [outputText("Hello")] };
    const place = { item_id, output_index: 0, content_index: 0 };
    const steps = [
      { type: "response.created", response: begun },
      { type: "response.in_progress", response: begun },
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { ...message, status: "in_progress", content: [] },
      },
      { type: "response.content_part.added", ...place, part: outputText("") },
      { type: "response.output_text.delta", ...place, delta: "Hel", logprobs: [] },
      { type: "response.output_text.delta", ...place, delta: "lo", logprobs: [] },
      { type: "response.output_text.done", ...place, text: "Hello", logprobs: [] },
      { type: "response.content_part.done", ...place, part: outputText("Hello") },
      { type: "response.output_item.done", output_index: 0, item: done },
      { type: "response.completed", response: shown({ id, created_at, output: [done] }) },
    ];
    expect(events).toEqual(steps.map((event, index) => Object.assign(event, { sequence_number: index })));
  });

  test("tells text, a function call and a custom call as an item each", async () => {
    const events = await eventsFrom(
      text("I look."),
      call("function", '{"city":"Ulm"}'),
      call("custom", "ls"),
      end("tool_calls"),
    );
    const called = events.filter(({ output_index: index }) => index === 1 || index === 2);
    const [functionId, customId] = [1, 2].map((index) => {
      return (lastResponse(events).output[index] as { id: string }).id;
    });
    expect([functionId, customId]).toEqual([expect.stringMatching(/^fc_/), expect.stringMatching(/^ctc_/)]);
    const functionCall = { id: functionId, type: "function_call", call_id: "call_1", name: "weather" };
    const customCall = { id: customId, type: "custom_tool_call", call_id: "call_1", name: "weather" };
    const first = { item_id: functionId, output_index: 1 };
    const second = { item_id: customId, output_index: 2 };
    const given = '{"city":"Ulm"}';
    expect(called).toEqual(
      [
        {
          type: "response.output_item.added",
          output_index: 1,
          item: { ...functionCall, status: "in_progress", arguments: "" },
        },
        { type: "response.function_call_arguments.delta", ...first, delta: given },
        { type: "response.function_call_arguments.done", ...first, name: "weather", arguments: given },
        {
          type: "response.output_item.done",
          output_index: 1,
          item: { ...functionCall, status: "completed", arguments: given },
        },
        {
          type: "response.output_item.added",
          output_index: 2,
          item: { ...customCall, status: "in_progress", input: "" },
        },
        { type: "response.custom_tool_call_input.delta", ...second, delta: "ls" },
        { type: "response.custom_tool_call_input.done", ...second, input: "ls" },
        {
          type: "response.output_item.done",
          output_index: 2,
          item: { ...customCall, status: "completed", input: "ls" },
        },
      ].map((event) => expect.objectContaining(event)),
    );
    expect(lastResponse(events)).toMatchObject({
      status: "completed",
      output: [{ type: "message" }, { arguments: given }, { input: "ls" }],
    });
  });

  test("tells reasoning as an item before the message", async () => {
    const events = await eventsFrom(
      { type: "reasoning-delta", text: "Hm" },
      { type: "reasoning-delta", text: "." },
      text("Yes"),
      end(),
    );
    expect(events.slice(2, 8).map(({ type }) => type)).toEqual([
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
    ]);
    expect(lastResponse(events).output).toMatchObject([
      { id: expect.stringMatching(/^rs_/), type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }] },
      { type: "message", content: [{ text: "Yes" }] },
    ]);
  });

  test("of an answer without text has an empty message", async () => {
    const events = await eventsFrom(end());
    expect(lastResponse(events).output).toMatchObject([{ type: "message", content: [outputText("")] }]);
    expect(events.map(({ type }) => type)).not.toContain("response.output_text.delta");
  });

  test.each([
    ["length", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ] as const)("cut by %s is incomplete", async (finishReason, reason) => {
    const events = await eventsFrom(text("Hel"), end(finishReason));
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: {
        status: "incomplete",
        incomplete_details: { reason },
        completed_at: null,
        output: [{ status: "incomplete", content: [{ text: "Hel" }] }],
      },
    });
  });

  test("ends after as many tokens as were asked for", async () => {
    const { client } = await open(says("one two three four five six"));
    const response = await client.responses.create({ model: "gptomni", input: "Count.", max_output_tokens: 3 });
    expect(response).toMatchObject({ status: "incomplete", output_text: "one two three" });
  });

  test("fails with a status when nothing was sent yet", async () => {
    const { respond } = await open(fails(new GatewayError("site_challenged", "The site asks for a challenge.")));
    const response = await respond({ stream: true });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: "site_challenged" } });
  });

  test("tells a failure after it began in both forms, and that the response failed", async () => {
    const { respond, lines } = await open(fails(new GatewayError("reply_cut", "The answer broke off."), "Hel"));
    const events = eventsOf(await (await respond({ stream: true })).text());
    const error = { code: "reply_cut", message: "The answer broke off.", param: null };
    expect(events.slice(-2)).toEqual([
      { type: "error", ...error, error: { ...error, type: "server_error" }, sequence_number: 5 },
      expect.objectContaining({
        type: "response.failed",
        response: expect.objectContaining({
          status: "failed",
          error: { code: "server_error", message: "The answer broke off." },
        }),
      }),
    ]);
    expect(lines.at(-1)).toMatchObject({ status: 200, code: "reply_cut" });
  });

  test("opens and stays alive while the site thinks", async () => {
    const thinks = thinksFor(4, says("Hello"));
    const limits = { keepAliveAfterMs: 10, keepAliveEveryMs: 10 };
    const { respond } = await open(thinks.answer, { limits }, thinks.fetch);
    const types = eventsOf(await (await respond({ stream: true })).text()).map(({ type }) => type);
    expect(types.slice(0, 4)).toEqual(["response.created", "response.in_progress", "keepalive", "keepalive"]);
    expect(types.filter((type) => type === "response.in_progress")).toHaveLength(1);
    expect(types.at(-1)).toBe("response.completed");
  });
});
