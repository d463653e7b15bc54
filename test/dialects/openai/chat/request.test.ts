import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../../src/errors.ts";
import { parseChatCompletion } from "../../../../src/dialects/openai/chat/request.ts";

const OFFER = { maxChoices: 4 };
const USER = { role: "user", content: "Hi" };
const FUNCTION = { type: "function", function: { name: "a", parameters: { type: "object" } } };
const ALLOWED = {
  type: "allowed_tools",
  allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "a" } }] },
};
const CALL = { id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } };

function parse(changes: object) {
  return parseChatCompletion({ model: "gptomni", messages: [USER], ...changes }, OFFER);
}

function failureOf(changes: object): { code: string; param: string | undefined; message: string } {
  try {
    parse(changes);
  } catch (cause) {
    if (cause instanceof GatewayError) return { code: cause.code, param: cause.param, message: cause.message };
    throw cause;
  }
  throw new Error("It was accepted.");
}

describe("turns", () => {
  test("of every role are understood, in any order", () => {
    const {
      ask: { chat },
    } = parse({
      messages: [
        { role: "user", content: "a", name: "bob" },
        {
          role: "developer",
          content: [
            { type: "text", text: "b" },
            { type: "input_text", text: "c" },
          ],
        },
        { role: "assistant", content: null, tool_calls: [CALL] },
        { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "d" }] },
        { role: "assistant", content: null, function_call: { name: "old", arguments: "{}" } },
        { role: "function", name: "old", content: null },
        { role: "assistant", content: null, refusal: "e" },
        { role: "assistant", content: [{ type: "refusal", refusal: "f" }] },
        { role: "system", content: "" },
      ],
    });
    expect(chat.messages).toEqual([
      { role: "user", text: "a", name: "bob" },
      { role: "system", text: "bc" },
      { role: "assistant", text: "", toolCalls: [{ id: "call_1", name: "weather", arguments: "{}" }] },
      { role: "tool", text: "d", toolCallId: "call_1" },
      { role: "assistant", text: "", toolCalls: [{ id: "old", name: "old", arguments: "{}" }] },
      { role: "tool", text: "", name: "old" },
      { role: "assistant", text: "e" },
      { role: "assistant", text: "f" },
      { role: "system", text: "" },
    ]);
  });

  test.each([
    [undefined, "missing_required_parameter", "messages"],
    [null, "invalid_type", "messages"],
    ["Hi", "invalid_type", "messages"],
    [[], "empty_array", "messages"],
    [[3], "invalid_type", "messages[0]"],
    [[USER, {}], "missing_required_parameter", "messages[1].role"],
    [[{ role: 1, content: "a" }], "invalid_type", "messages[0].role"],
    [[{ role: "user" }], "missing_required_parameter", "messages[0].content"],
    [[{ role: "user", content: null }], "invalid_type", "messages[0].content"],
    [[{ role: "user", content: 3 }], "invalid_type", "messages[0].content"],
    [[{ role: "user", content: ["a"] }], "invalid_type", "messages[0].content[0]"],
    [[{ role: "user", content: [{ type: "text" }] }], "missing_required_parameter", "messages[0].content[0].text"],
    [[{ role: "user", content: [{ type: "smell" }] }], "invalid_value", "messages[0].content[0].type"],
    [[{ role: "assistant" }], "invalid_type", "messages[0].content"],
    [[{ role: "tool", content: "a" }], "missing_required_parameter", "messages[0].tool_call_id"],
    [[{ role: "tool", content: "a", tool_call_id: "call_2" }], "invalid_value", "messages[0].tool_call_id"],
  ])("%j are refused as %s at %s", (messages, code, param) => {
    expect(failureOf({ messages })).toMatchObject({ code, param });
  });

  test.each(["image_url", "input_image", "input_audio", "file", "input_file"])(
    "with %s are refused by place",
    (type) => {
      const content = [
        { type: "text", text: "See:" },
        { type, [type]: {} },
      ];
      const failure = failureOf({ messages: [USER, { role: "user", content }] });
      expect(failure).toMatchObject({ code: "unsupported_content", param: "messages[1].content[1].type" });
      expect(failure.message).toContain("messages[1].content[1]");
    },
  );
});

describe("parameters", () => {
  test("left out or null are all the same", () => {
    const nulls = Object.fromEntries(
      ["stream", "stop", "n", "tools", "tool_choice", "response_format", "temperature", "logprobs", "user"].map(
        (name) => [name, null],
      ),
    );
    expect(parse(nulls)).toMatchObject({
      ask: { chat: { model: "gptomni", messages: [{ role: "user", text: "Hi" }] }, tools: [], stop: [] },
      n: 1,
      stream: false,
      includeUsage: false,
      ignoredParams: [],
      emulatedParams: [],
    });
    expect(parse({})).toEqual(parse(nulls));
  });

  test("without effect are named, unless they only say the default", () => {
    const { ignoredParams, emulatedParams } = parse({
      temperature: 0.5,
      top_p: 1,
      presence_penalty: 0,
      logit_bias: {},
      max_tokens: 5,
      top_k: 40,
      min_p: null,
      "bad\r\nheader": 1,
      stop: "x",
      n: 1,
    });
    expect(ignoredParams).toEqual(["temperature", "top_k"]);
    expect(emulatedParams).toEqual(["max_tokens", "stop"]);
  });

  test.each([
    [{ stream: "yes" }, "invalid_type", "stream"],
    [{ temperature: 3 }, "invalid_value", "temperature"],
    [{ temperature: "1" }, "invalid_type", "temperature"],
    [{ top_p: -0.1 }, "invalid_value", "top_p"],
    [{ frequency_penalty: 2.1 }, "invalid_value", "frequency_penalty"],
    [{ max_tokens: 0 }, "invalid_value", "max_tokens"],
    [{ max_completion_tokens: 1.5 }, "invalid_type", "max_completion_tokens"],
    [{ metadata: { a: 1 } }, "invalid_type", "metadata.a"],
    [{ stop: ["a", "b", "c", "d", "e"] }, "invalid_value", "stop"],
    [{ stop: 5 }, "invalid_type", "stop"],
    [{ n: 0 }, "invalid_value", "n"],
    [{ n: 5 }, "unsupported_value", "n"],
    [{ tool_choice: "maybe" }, "invalid_value", "tool_choice"],
    [{ response_format: { type: "yaml" } }, "invalid_value", "response_format.type"],
    [{ response_format: { type: "json_schema" } }, "missing_required_parameter", "response_format.json_schema"],
    [{ tools: [FUNCTION], tool_choice: { type: "function" } }, "missing_required_parameter", "tool_choice.function"],
    [{ tools: [FUNCTION], tool_choice: { type: "function", function: { name: "b" } } }, "invalid_value", "tool_choice"],
    [{ tools: [FUNCTION, FUNCTION] }, "invalid_value", "tools[1]"],
    [{ tools: [{ type: "function", function: { name: "a b" } }] }, "invalid_value", "tools[0].function.name"],
    [{ tools: [{ type: "function" }] }, "missing_required_parameter", "tools[0].function"],
    [{ functions: [{ name: "a" }], function_call: { name: "b" } }, "invalid_value", "function_call"],
    [{ logprobs: true }, "unsupported_parameter", "logprobs"],
    [{ top_logprobs: 2 }, "unsupported_parameter", "top_logprobs"],
    [{ audio: { voice: "x" } }, "unsupported_parameter", "audio"],
    [{ modalities: ["text", "audio"] }, "unsupported_value", "modalities"],
    [{ model: undefined }, "missing_required_parameter", "model"],
  ])("%j is refused as %s at %s", (changes, code, param) => {
    expect(failureOf(changes)).toMatchObject({ code, param });
  });

  test.each([
    { tools: [] },
    { tools: [{ type: "function", function: { name: "a", parameters: {} } }], tool_choice: "none" },
    { functions: [{ name: "a" }], function_call: "none" },
    { response_format: { type: "text" } },
    { response_format: { type: "json_object" } },
    { response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } } },
    { n: 4 },
    { logprobs: false, top_logprobs: 0 },
    { modalities: ["text"] },
    { stream_options: { include_usage: true, include_obfuscation: false } },
  ])("%j is accepted", (changes) => {
    expect(() => parse(changes)).not.toThrow();
  });

  test("that ask for tools say what may be called, and what must be", () => {
    const custom = { type: "custom", custom: { name: "note", description: "takes text" } };
    const tools = [FUNCTION, custom];
    const asked = (changes: object) => {
      const { ask } = parse({ tools, ...changes });
      return [ask.tools.map(({ kind, name }) => `${kind} ${name}`), ask.toolChoice, ask.parallelToolCalls];
    };
    const both = ["function a", "custom note"];
    expect(asked({})).toEqual([both, "auto", true]);
    expect(asked({ parallel_tool_calls: false })).toEqual([both, "auto", false]);
    expect(asked({ tool_choice: "required" })).toEqual([both, "required", true]);
    expect(asked({ tool_choice: "none" })).toEqual([[], "auto", true]);
    expect(asked({ tool_choice: { type: "custom", custom: { name: "note" } } })).toEqual([
      both,
      { name: "note" },
      true,
    ]);
    expect(asked({ tool_choice: ALLOWED })).toEqual([["function a"], "required", true]);
    const older = parse({ functions: [{ name: "f" }], function_call: { name: "f" } });
    expect(older).toMatchObject({ usesFunctions: true, ask: { toolChoice: { name: "f" }, parallelToolCalls: false } });
  });

  test("are refused in OpenAI's words", () => {
    const messages = [
      failureOf({ messages: undefined }),
      failureOf({ messages: [] }),
      failureOf({ temperature: 3 }),
      failureOf({ messages: [{ role: "user", content: 3 }] }),
      failureOf({ tool_choice: "maybe" }),
    ].map(({ message }) => message);
    expect(messages).toEqual([
      "Missing required parameter: 'messages'.",
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      "Invalid 'temperature': integer above maximum value. Expected a value <= 2, but got 3 instead.",
      "Invalid type for 'messages[0].content': expected one of a string or an array, but got an integer instead.",
      "Invalid value: 'maybe'. Supported values are: 'none', 'auto', and 'required'.",
    ]);
  });
});
