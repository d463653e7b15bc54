import { describe, expect, test } from "vitest";
import { parseChatCompletion } from "../../../../src/dialects/openai/chat/request.ts";
import { openDialect, turnsOf } from "../../../support/dialect-server.ts";

const OFFER = { maxChoices: 4 };
const GO = { role: "user", content: "go" };
const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const WEATHER = { type: "function", function: { name: "weather", description: "Tells it.", parameters: SCHEMA } };
const CALL = '<tool_call§ name="weather">{"city":"Paris"}</tool_call§>';
const LARK = { syntax: "lark", definition: "start: /.+/" };

function parse(changes: object) {
  return parseChatCompletion({ model: "gpt-4o", messages: [GO], ...changes }, OFFER);
}

describe("a body of the Responses API on /chat/completions, as Cursor sends it,", () => {
  test("is answered as a chat completion", async () => {
    const { send, asked } = await openDialect(CALL);
    const response = await send("/v1/chat/completions", {
      model: "gpt-5.6",
      stream: false,
      user: "u",
      input: [
        { role: "system", content: "Be short." },
        { role: "user", content: [{ type: "input_text", text: "hello there" }] },
      ],
      tools: [{ type: "function", name: "weather", description: "Tells it.", parameters: SCHEMA }],
      tool_choice: "auto",
      reasoning: { effort: "medium" },
    });
    expect(await response.json()).toMatchObject({
      object: "chat.completion",
      model: "gpt-5.6",
      choices: [{ message: { tool_calls: [{ function: { name: "weather", arguments: '{"city":"Paris"}' } }] } }],
    });
    expect(response.headers.get("x-ignored-params")).toBe("user, reasoning");
    expect(turnsOf(asked[0])).toEqual([
      { role: "system", text: "Be short." },
      { role: "user", text: "hello there" },
    ]);
  });

  test("has calls, results and rules in their places", () => {
    const { ask } = parse({
      messages: undefined,
      instructions: "RULES",
      max_output_tokens: 7,
      input: [
        { type: "message", role: "user", content: "one" },
        { type: "reasoning", id: "rs_1", summary: [] },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "two" }] },
        { type: "function_call", call_id: "c1", name: "weather", arguments: '{"city":"Ulm"}' },
        { type: "custom_tool_call", call_id: "c2", name: "patch", input: "*** Begin" },
        { type: "function_call_output", call_id: "c1", output: "Rain" },
        { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "Done" }] },
        { type: "web_search_call", id: "ws_1", action: {} },
        { role: "user", content: "three" },
      ],
    });
    expect(ask.maxTokens).toBe(7);
    expect(ask.chat.messages).toEqual([
      { role: "system", text: "RULES" },
      { role: "user", text: "one" },
      {
        role: "assistant",
        text: "two",
        toolCalls: [
          { id: "c1", name: "weather", arguments: '{"city":"Ulm"}' },
          { id: "c2", name: "patch", arguments: "*** Begin" },
        ],
      },
      { role: "tool", text: "Rain", toolCallId: "c1" },
      { role: "tool", text: "Done", toolCallId: "c2" },
      { role: "user", text: "three" },
    ]);
  });

  test("may be but a text", () => {
    expect(parse({ messages: undefined, input: "Hi" }).ask.chat.messages).toEqual([{ role: "user", text: "Hi" }]);
  });

  test.each([{ messages: undefined }, { messages: undefined, input: 5 }, { messages: undefined, input: [] }])(
    "is refused where it asks nothing: %j",
    (changes) => {
      expect(() => parse(changes)).toThrow("messages");
    },
  );
});

describe("a tool", () => {
  test.each([
    { type: "function", name: "weather", description: "Tells it.", parameters: SCHEMA },
    { name: "weather", description: "Tells it.", input_schema: SCHEMA },
    { type: "custom", name: "weather", description: "Tells it.", input_schema: SCHEMA },
    { type: "from_tomorrow", name: "weather", description: "Tells it.", parameters: SCHEMA },
    { function: { name: "weather", description: "Tells it.", parameters: SCHEMA } },
  ])("is read in any shape: %j", (shaped) => {
    const [read] = parse({ tools: [shaped] }).ask.tools;
    expect(read).toEqual(parse({ tools: [WEATHER] }).ask.tools[0]);
  });

  test.each([
    { type: "custom", name: "patch", description: "Applies it.", format: { type: "grammar", ...LARK } },
    {
      type: "custom",
      custom: { name: "patch", description: "Applies it.", format: { type: "grammar", grammar: LARK } },
    },
  ])("that takes text is told with its grammar: %j", (shaped) => {
    const description = "Applies it.\n\nIts input must match this lark grammar:\nstart: /.+/";
    expect(parse({ tools: [shaped] }).ask.tools).toEqual([{ kind: "custom", name: "patch", description }]);
  });

  test("that the provider would run is left out and named", () => {
    const tools = [{ type: "web_search" }, { type: "image_generation", name: "x" }, WEATHER];
    const { ask, ignoredParams } = parse({ tools });
    expect([ask.tools.map(({ name }) => name), ignoredParams]).toEqual([
      ["weather"],
      ["web_search", "image_generation"],
    ]);
  });

  test("is strict where the caller says so, and only there", () => {
    const { function: declared } = WEATHER;
    const tools = [true, false, null, undefined].map((strict, index) => {
      return { type: "function", function: { ...declared, name: `tool${index}`, strict } };
    });
    expect(parse({ tools }).ask.tools.map(({ isStrict }) => isStrict)).toEqual([true, undefined, undefined, undefined]);
    expect(parse({ tools: [{ type: "function", name: "a", strict: true }] }).ask.tools[0]?.isStrict).toBe(true);
  });
});

describe("a choice of tools", () => {
  test.each<[unknown, unknown]>([
    [{ type: "auto" }, "auto"],
    [{ type: "required" }, "required"],
    [{ type: "any" }, "required"],
    ["any", "required"],
    [{ type: "function", name: "weather" }, { name: "weather" }],
    [{ type: "tool", name: "weather" }, { name: "weather" }],
    [{ type: "custom", name: "weather" }, { name: "weather" }],
    [{ function: { name: "weather" } }, { name: "weather" }],
    [{ type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "weather" }] }, "required"],
  ])("%j means %j", (choice, expected) => {
    expect(parse({ tools: [WEATHER], tool_choice: choice }).ask.toolChoice).toEqual(expected);
  });

  test("of none leaves nothing to call, and Anthropic's may ask for one call at a time", () => {
    expect(parse({ tools: [WEATHER], tool_choice: { type: "none" } }).ask.tools).toEqual([]);
    const choice = { type: "auto", disable_parallel_tool_use: true };
    expect(parse({ tools: [WEATHER], tool_choice: choice }).ask.parallelToolCalls).toBe(false);
  });

  test.each([
    [[{ type: "web_search" }], "required"],
    [[], "required"],
    [undefined, { type: "function", name: "weather" }],
    [[WEATHER], { type: "web_search" }],
  ])("that nothing can meet is refused: %j %j", (tools, choice) => {
    expect(() => parse({ tools, tool_choice: choice })).toThrow(
      expect.objectContaining({ row: expect.objectContaining({ status: 400 }) }),
    );
  });
});

test("Anthropic's blocks in a chat are its calls and results", () => {
  const { ask } = parse({
    system: [{ type: "text", text: "RULES" }],
    messages: [
      GO,
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm." },
          { type: "text", text: "Let me see." },
          { type: "tool_use", id: "t1", name: "weather", input: { city: "Ulm" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", is_error: true, content: [{ type: "text", text: "Rain" }] },
          { type: "text", text: "And now?" },
        ],
      },
    ],
  });
  expect(ask.chat.messages).toEqual([
    { role: "system", text: "RULES" },
    { role: "user", text: "go" },
    {
      role: "assistant",
      text: "Let me see.",
      toolCalls: [{ id: "t1", name: "weather", arguments: '{"city":"Ulm"}' }],
    },
    { role: "tool", text: "Error: Rain", toolCallId: "t1" },
    { role: "user", text: "And now?" },
  ]);
});
