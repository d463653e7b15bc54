import { describe, expect, test } from "vitest";
import { parseChatCompletion } from "../../../../src/dialects/openai/chat/request.ts";
import { openDialect } from "../../../support/dialect-server.ts";

const OFFER = { maxChoices: 4 };
const ASK = { model: "gpt-4o", messages: [{ role: "user", content: "go" }] };
const WORD = { type: "object", properties: { word: { type: "string" } }, required: ["word"] };
const CHATTY = 'Sure! {"words":1} or:\n```json\n{"word":"PONG"}\n```\nAnything else?';

function parse(changes: object) {
  return parseChatCompletion({ ...ASK, ...changes }, OFFER);
}

describe("a schema for the answer", () => {
  const shapes: readonly [param: string, changes: object][] = [
    ["response_format.schema", { response_format: { type: "json_object", schema: WORD } }],
    ["response_format.schema", { response_format: { type: "json_schema", schema: WORD } }],
    ["response_format.schema", { response_format: { type: "json_schema", name: "word", schema: WORD, strict: true } }],
    ["response_format.json_schema.schema", { response_format: { type: "json_schema", json_schema: { schema: WORD } } }],
    [
      "response_format.json_schema.schema",
      { response_format: { type: "json_object", json_schema: { name: "w", schema: WORD } } },
    ],
    ["response_format.json_schema", { response_format: { type: "json_schema", json_schema: WORD } }],
    ["response_format.value", { response_format: { type: "json", value: WORD } }],
    ["guided_json", { guided_json: WORD }],
    ["guided_json", { guided_json: WORD, response_format: { type: "text" } }],
    ["structured_outputs.json", { structured_outputs: { json: WORD } }],
    ["json_schema", { json_schema: WORD }],
    ["format", { format: WORD }],
    ["text.format.schema", { text: { format: { type: "json_schema", name: "word", schema: WORD } } }],
  ];

  test.each(shapes)("at %s holds: %j", async (param, changes) => {
    const { send } = await openDialect(CHATTY);
    const response = await send("/v1/chat/completions", { ...ASK, ...changes });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: '{"word":"PONG"}' } }] });
    expect(response.headers.get("x-emulated-params")).toContain(param.split(".")[0]);
  });

  test.each(shapes)("at %s is named there where it is wrong", (param, changes) => {
    expect(parse(changes).ask.format).toMatchObject({ type: "json_schema", schema: WORD, param });
  });

  test("is OpenAI's own where it is OpenAI's own", () => {
    const given = { type: "json_schema", json_schema: { name: "word", schema: WORD, strict: true } };
    const expected = { type: "json_schema", name: "word", schema: WORD, param: "response_format.json_schema.schema" };
    expect(parse({ response_format: given, guided_json: { type: "array" } }).ask.format).toEqual(expected);
    expect(parse({ response_format: { type: "json_object" } }).ask.format).toEqual({ type: "json_object" });
    expect(parse({ format: "json" }).ask.format).toEqual({ type: "json_object" });
    expect(parse({ format: "" }).ask.format).toEqual({ type: "text" });
  });
});

describe("what asks for another form", () => {
  test.each([
    { guided_json: JSON.stringify(WORD) },
    { json_schema: JSON.stringify(WORD) },
    { structured_outputs: { json: JSON.stringify(WORD) } },
    { guided_regex: "a+" },
    { guided_choice: ["a", "b"] },
    { guided_grammar: "root ::= a" },
    { grammar: "root ::= a" },
    { regex: "a+" },
    { ebnf: "root ::= a" },
    { structural_tag: "{}" },
    { structured_outputs: { choice: ["a"] } },
    { response_format: { type: "regex", value: "a+" } },
    { response_format: { type: "grammar", grammar: "root ::= a" } },
    { moderation: { model: "omni-moderation-latest" } },
    { previous_response_id: "resp_1" },
    { conversation: "conv_1" },
    { logprobs: true },
    { audio: { voice: "x" } },
    { modalities: ["audio"] },
  ])("is refused by name: %j", async (changes) => {
    const { send, asked } = await openDialect();
    const response = await send("/v1/chat/completions", { ...ASK, ...changes });
    const [name = ""] = Object.keys(changes);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { param: expect.stringMatching(new RegExp(`^${name}`)) } },
    ]);
    expect(asked).toEqual([]);
  });

  test.each([
    { guided_regex: "" },
    { guided_choice: [] },
    { grammar: null },
    { structured_outputs: {} },
    { structured_outputs: null },
    { structural_tag: false },
  ])("asks nothing where it is empty: %j", (changes) => {
    expect(() => parse(changes)).not.toThrow();
  });

  test("and only tunes a server is named", () => {
    const { ignoredParams } = parse({ top_k: 4, chat_template_kwargs: { a: 1 }, prompt_cache_options: { a: 1 } });
    expect(ignoredParams).toEqual(["top_k", "chat_template_kwargs", "prompt_cache_options"]);
  });
});
