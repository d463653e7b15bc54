import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../../src/errors.ts";
import { newItemId } from "../../../../src/dialects/openai/responses/item.ts";
import { open, parse, WEATHER } from "../../../support/responses-client.ts";
import { says } from "../../../support/scripted-gateway.ts";

const CALL = { type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" };
const GRAMMAR = { type: "grammar", syntax: "lark", definition: "start: /a+/" };

describe("what is asked", () => {
  test("is understood in every form that items have", () => {
    const { ask } = parse({
      instructions: "Be brief.",
      input: [
        { role: "user", content: "a" },
        { type: null, role: "developer", content: [{ type: "input_text", text: "b" }] },
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: null },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "c", annotations: [] }] },
        { ...CALL, id: "fc_1", status: "completed" },
        { type: "custom_tool_call", call_id: "call_2", name: "shell", input: "ls" },
        { type: "function_call_output", call_id: "call_1", output: "d" },
        { type: "custom_tool_call_output", call_id: "call_2", output: [{ type: "input_text", text: "e" }] },
        { role: "assistant", content: [{ type: "refusal", refusal: "f" }] },
        { ...CALL, call_id: "call_3" },
      ],
    });
    expect(ask.chat.messages).toEqual([
      { role: "system", text: "Be brief." },
      { role: "user", text: "a" },
      { role: "system", text: "b" },
      {
        role: "assistant",
        text: "c",
        toolCalls: [
          { id: "call_1", name: "weather", arguments: "{}" },
          { id: "call_2", name: "shell", arguments: "ls" },
        ],
      },
      { role: "tool", text: "d", toolCallId: "call_1" },
      { role: "tool", text: "e", toolCallId: "call_2" },
      { role: "assistant", text: "f", toolCalls: [{ id: "call_3", name: "weather", arguments: "{}" }] },
    ]);
  });

  test("tells tools, format and limit", () => {
    const schema = { type: "object" };
    const { ask } = parse({
      tools: [{ type: "mcp" }, WEATHER, { type: "custom", name: "shell", description: "Runs.", format: GRAMMAR }],
      parallel_tool_calls: false,
      tool_choice: { type: "custom", name: "shell" },
      text: { format: { type: "json_schema", name: "a", schema } },
      max_output_tokens: 7,
    });
    expect(ask).toMatchObject({
      tools: [
        {
          kind: "function",
          name: "weather",
          description: "Tells it.",
          parameters: WEATHER.parameters,
          param: "tools[1].parameters",
        },
        {
          kind: "custom",
          name: "shell",
          description: "Runs.\n\nIts input must match this lark grammar:\nstart: /a+/",
        },
      ],
      toolChoice: { name: "shell" },
      parallelToolCalls: false,
      format: { type: "json_schema", name: "a", schema, param: "text.format.schema" },
      maxTokens: 7,
    });
  });

  test.each([
    [{ tool_choice: "none" }, [], "auto"],
    [{ tool_choice: "required" }, ["weather", "time"], "required"],
    [{ tool_choice: { type: "function", name: "time" } }, ["weather", "time"], { name: "time" }],
    [
      { tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "time" }] } },
      ["time"],
      "required",
    ],
  ])("may call what %j leaves", (changes, names, toolChoice) => {
    const { ask } = parse({ tools: [WEATHER, { type: "function", name: "time" }], ...changes });
    expect([ask.tools.map(({ name }) => name), ask.toolChoice]).toEqual([names, toolChoice]);
  });

  test("is named where it has no effect or is imitated", () => {
    const { ignoredParams, emulatedParams } = parse({
      temperature: 0.2,
      top_p: 1,
      truncation: "auto",
      include: [],
      reasoning: { effort: "low" },
      metadata: { a: "b" },
      top_k: 3,
      text: { verbosity: "low", format: { type: "text" } },
      tools: [{ type: "web_search" }, { type: "mcp" }, { type: "web_search" }, { type: "a b" }],
      background: false,
      conversation: null,
    });
    expect(ignoredParams).toEqual([
      "temperature",
      "truncation",
      "reasoning",
      "top_k",
      "web_search",
      "mcp",
      "text.verbosity",
    ]);
    expect(emulatedParams).toEqual([]);
  });

  test("has ids that tell what an item is", () => {
    expect(newItemId("function_call")).toMatch(/^fc_[0-9a-f]{48}$/);
    expect(parse({ input: [{ role: "user", content: "a", id: "msg_mine" }] }).input[0]?.id).toBe("msg_mine");
  });
});

const image = { type: "input_image", image_url: "data:," };
test.each([
  [{ input: undefined }, "missing_required_parameter", "input"],
  [{ input: null }, "missing_required_parameter", "input"],
  [{ input: [] }, "empty_array", "input"],
  [{ input: 3 }, "invalid_type", "input"],
  [{ input: [{ content: "a" }] }, "missing_required_parameter", "input[0].role"],
  [{ input: [{ role: "user" }] }, "missing_required_parameter", "input[0].content"],
  [{ input: [{ role: "user", content: 3 }] }, "invalid_type", "input[0].content"],
  [{ input: [3] }, "invalid_type", "input[0]"],
  [{ input: [{ type: "song" }] }, "invalid_value", "input"],
  [{ input: [{ role: "user", content: "a" }, { type: "compaction_trigger" }] }, "unsupported_value", "input[1].type"],
  [
    { input: [{ role: "user", content: [{ type: "input_text", text: "a" }, image] }] },
    "unsupported_content",
    "input[0].content[1].type",
  ],
  [
    { input: [CALL, { role: "user", content: [{ type: "input_file", file_id: "file_1" }] }] },
    "unsupported_content",
    "input[1].content[0].type",
  ],
  [{ input: [{ type: "function_call_output", call_id: "call_9", output: "a" }] }, "invalid_value", "input"],
  [{ input: [{ type: "item_reference", id: "msg_1" }] }, "response_not_found", "input"],
  [{ previous_response_id: "resp_1" }, "previous_response_not_found", "previous_response_id"],
  [{ background: true }, "unsupported_parameter", "background"],
  [{ conversation: "conv_1" }, "unsupported_parameter", "conversation"],
  [{ prompt: { id: "pmpt_1" } }, "unsupported_parameter", "prompt"],
  [{ top_logprobs: 1 }, "unsupported_parameter", "top_logprobs"],
  [{ moderation: { model: "omni-moderation-latest" } }, "unsupported_parameter", "moderation"],
  [{ include: ["reasoning.encrypted_content", "message.output_text.logprobs"] }, "unsupported_value", "include[1]"],
  [{ response_format: { type: "json_object" } }, "unsupported_parameter", "response_format"],
  [{ functions: [{ name: "weather" }] }, "unsupported_parameter", "functions"],
  [{ messages: [{ role: "user", content: "a" }] }, "unsupported_parameter", "messages"],
  [{ guided_json: {} }, "unsupported_parameter", "guided_json"],
  [{ structured_outputs: { regex: "a" } }, "unsupported_parameter", "structured_outputs"],
  [{ n: 2 }, "unsupported_parameter", "n"],
  [{ logprobs: true }, "unsupported_parameter", "logprobs"],
  [{ modalities: ["text", "audio"] }, "unsupported_parameter", "modalities"],
  [{ temperature: 3 }, "invalid_value", "temperature"],
  [{ max_output_tokens: 0 }, "invalid_value", "max_output_tokens"],
  [{ tools: [{ type: "function", name: "no good" }] }, "invalid_value", "tools[0].name"],
  [
    { tools: [{ type: "namespace", name: "a", tools: [{ type: "function" }] }] },
    "missing_required_parameter",
    "tools[0].tools[0].name",
  ],
  [{ tools: [{ name: "weather" }] }, "missing_required_parameter", "tools[0].type"],
  [{ tool_choice: "required" }, "invalid_value", "tool_choice"],
  [{ tool_choice: "required", tools: [{ type: "mcp" }] }, "unsupported_value", "tool_choice"],
  [{ tool_choice: { type: "web_search" }, tools: [{ type: "web_search" }] }, "unsupported_value", "tool_choice"],
  [{ tool_choice: { type: "function", name: "time" }, tools: [WEATHER] }, "invalid_value", "tool_choice"],
  [{ tool_choice: { type: "namespace", name: "b" }, tools: [WEATHER] }, "invalid_value", "tool_choice"],
  [{ tool_choice: { type: "local_shell" }, tools: [WEATHER] }, "unsupported_value", "tool_choice"],
  [
    { tool_choice: { type: "shell" }, tools: [{ type: "shell", environment: { type: "container_auto" } }] },
    "unsupported_value",
    "tool_choice",
  ],
  [
    { tool_choice: { type: "mcp", server_label: "a" }, tools: [{ type: "mcp", server_label: "a" }] },
    "unsupported_value",
    "tool_choice",
  ],
  [{ text: { format: { type: "json_schema", name: "a" } } }, "missing_required_parameter", "text.format.schema"],
])("a request with %j is refused as %s at %s", async (changes, code, param) => {
  const { respond } = await open(says("Hello"));
  const response = await respond(changes);
  expect(response.status).toBe(code === "response_not_found" ? 404 : 400);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code, param } });
});

test("a model is asked for by any name, and the name is given back", async () => {
  const { respond } = await open(says("Hello"));
  expect(await (await respond({ model: "gpt-9" })).json()).toMatchObject({ model: "gpt-9", status: "completed" });
});

test("what was refused is a GatewayError", () => {
  expect(() => parse({ model: 3 })).toThrow(GatewayError);
});
