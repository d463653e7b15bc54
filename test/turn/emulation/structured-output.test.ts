import fc from "fast-check";
import { expect, test } from "vitest";
import type { Format, JsonSchema } from "../../../src/turn/ask.ts";
import { uncheckedParams } from "../../../src/turn/emulation/emulation.ts";
import { answered, askFor, ScriptedSite, WEATHER } from "../../support/turn-site.ts";

const JSON_OBJECT = { format: { type: "json_object" } } as const;
const CITY = '{"city": "Bern"}';

function schemaFormat(schema: JsonSchema): { readonly format: Format } {
  return { format: { type: "json_schema", name: "place", schema, param: "response_format.json_schema.schema" } };
}

const PLACE = schemaFormat({
  type: "object",
  properties: { city: { type: "string" }, size: { enum: ["small", "large"] } },
  required: ["city"],
  additionalProperties: false,
});

test.each([
  ["alone", CITY],
  ["with white space", `\n${CITY}\n\n`],
  ["in a fence", `\`\`\`json\n${CITY}\n\`\`\``],
  ["in a fence within prose", `Here {it} is:\n\`\`\`\n${CITY}\n\`\`\`\nDone.`],
  ["in prose", `Sure! ${CITY} There you go.`],
  ["behind JSON that does not meet it", `[1] says {"town": "Bern"}, so: ${CITY}`],
])("JSON is found %s", async (_name, answer) => {
  for (const pieces of [[answer], Array.from(answer)]) {
    const { parts } = await answered(new ScriptedSite(pieces), PLACE);
    expect(parts).toEqual([
      { type: "text-delta", text: CITY },
      { type: "end", finishReason: "stop" },
    ]);
  }
});

test.each([
  ["a comma too many", '{"list": [1, 2,],}', { list: [1, 2] }],
  ["line breaks in a string", '{"text": "a\n\tb"}', { text: "a\n\tb" }],
  ["what looks like a comma too many in a string", '{"text": ",}"}', { text: ",}" }],
])("%s is forgiven", async (_name, answer, value) => {
  const { text } = await answered(new ScriptedSite(answer), JSON_OBJECT);
  expect(JSON.parse(text)).toEqual(value);
});

test("any object is given as the model wrote it, whatever stands around it", async () => {
  const prose = fc.constantFrom("", "Sure:\n", "As you wish 😀 ", "```json\n");
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), prose, fc.nat(4), async (value, before, indent) => {
      const json = JSON.stringify(value, null, indent);
      const behind = before.startsWith("```") ? "\n```" : "";
      const given = await answered(new ScriptedSite(`${before}${json}${behind}`), JSON_OBJECT);
      expect(given.text).toBe(json);
    }),
  );
});

test.each([
  [JSON_OBJECT, "[1, 2]", "must be object"],
  [JSON_OBJECT, "I cannot.", "no valid JSON"],
  [JSON_OBJECT, '{"a": {"b": 1}', "no valid JSON"],
  [PLACE, '{"city": 1}', "/city must be string"],
  [PLACE, '{"city": "Bern", "size": "tiny"}', '["small","large"]'],
  [PLACE, '{"city": "Bern", "more": 1}', '("more")'],
] as const)("an answer that does not meet %j is asked for again: %s", async (wanted, wrong, reason) => {
  const site = new ScriptedSite(Array.from(wrong), CITY);
  expect(await answered(site, wanted)).toMatchObject({ text: CITY, finishReason: "stop" });
  expect(site.sent[1]?.messages.at(-2)).toMatchObject({ role: "assistant", text: wrong });
  expect(site.lastMessage?.text).toContain(reason);
});

test("an answer that stays wrong is an error", async () => {
  const site = new ScriptedSite("No.", "Still no.");
  await expect(answered(site, PLACE)).rejects.toMatchObject({ code: "format_not_met" });
});

test("an answer that is cut is given as it is", async () => {
  const given = await answered(new ScriptedSite(`{"city": "${"Bern ".repeat(100)}"}`), { ...PLACE, maxTokens: 8 });
  expect(given.finishReason).toBe("length");
  expect(given.text).toMatch(/^\{"city": "Bern/);
});

test("the model is told to answer in JSON, and by which schema", async () => {
  const site = new ScriptedSite(CITY);
  await answered(site, PLACE);
  const [rules, user] = site.sent[0]?.messages ?? [];
  expect(rules?.role).toBe("system");
  expect(rules?.text).toContain('"required":["city"]');
  expect(user?.text).toBe("Weather in Bern?");
});

test("with tools too, calls win and other text must meet the format", async () => {
  const call = '<tool_call§ name="weather">{"city":"Bern"}</tool_call§>';
  const wanted = { ...PLACE, tools: [WEATHER] };
  expect(await answered(new ScriptedSite(`I look.\n${call}`), wanted)).toMatchObject({
    text: "",
    calls: [["weather", '{"city":"Bern"}']],
    finishReason: "tool_calls",
  });
  expect(await answered(new ScriptedSite(`So: ${CITY}`), wanted)).toMatchObject({ text: CITY, finishReason: "stop" });
  expect(await answered(new ScriptedSite("Sunny.", call), wanted)).toMatchObject({ finishReason: "tool_calls" });
  const wrong = '<tool_call§ name="wether">{}</tool_call§>';
  await expect(answered(new ScriptedSite(wrong, wrong), wanted)).rejects.toMatchObject({ code: "tool_call_invalid" });
});

test.each([
  ["2020-12 unless it says otherwise", { type: "array", prefixItems: [{ type: "string" }] }],
  ["draft 7 where only that fits", { type: "array", items: [{ type: "string" }] }],
  ["draft 7", { $schema: "http://json-schema.org/draft-07/schema#", type: "array", items: [{ type: "string" }] }],
  ["2020-12", { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "string" }] }],
  ["with definitions", { items: { $ref: "#/definitions/word" }, definitions: { word: { type: "string" } } }],
  ["with $defs", { items: { $ref: "#/$defs/word" }, $defs: { word: { type: "string" } } }],
  ["of a recursive list", { anyOf: [{ type: "string" }, { type: "array", items: { $ref: "#" } }] }],
  ["with formats", { type: "array", items: { format: "email", type: "string" } }],
])("a schema is taken as %s", async (_name, schema) => {
  const site = new ScriptedSite("[1]", '["a@example.org"]');
  expect((await answered(site, schemaFormat(schema))).text).toBe('["a@example.org"]');
});

test.each([
  ["an unknown type", { type: "strng" }],
  ["a reference elsewhere", { $ref: "https://example.org/schema" }],
  ["a reference to nothing", { $ref: "#/$defs/none" }],
  ["a reference to itself", { $ref: "#" }],
  ["references in a circle", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }],
  ["a broken pattern", { pattern: "(" }],
  ["too many characters", { title: "x".repeat(500_000) }],
])("a schema with %s is not checked, and the caller is told so", async (_name, schema) => {
  const format = schemaFormat(schema);
  expect(await uncheckedParams(askFor(format))).toEqual(["response_format.json_schema.schema"]);
  expect((await answered(new ScriptedSite('Here: {"a": 1}'), format)).text).toBe('{"a": 1}');
  const tool = { ...WEATHER, parameters: schema, param: "tools[0].function.parameters", isStrict: true };
  expect(await uncheckedParams(askFor({ tools: [tool] }))).toEqual(["tools[0].function.parameters"]);
});

test("a schema's name cannot take the place of another", async () => {
  const $id = "http://json-schema.org/draft-07/schema";
  await answered(new ScriptedSite("1"), schemaFormat({ $id, type: "integer" }));
  await answered(new ScriptedSite('"a"'), schemaFormat({ $id, type: "string" }));
  expect(await uncheckedParams(askFor(schemaFormat({ type: "strng" })))).toHaveLength(1);
});

test("patterns are told apart, and one that takes too long goes unchecked", async () => {
  const two = schemaFormat({ properties: { a: { pattern: "^a+$" }, b: { pattern: "^b+$" } } });
  const site = new ScriptedSite('{"a": "b", "b": "a"}', '{"a": "a", "b": "b"}');
  expect((await answered(site, two)).text).toBe('{"a": "a", "b": "b"}');
  const slow = schemaFormat({ items: { pattern: "^(a+)+$" } });
  const wrong = JSON.stringify(Array.from({ length: 50 }, () => `${"a".repeat(40)}b`));
  expect((await answered(new ScriptedSite(wrong), slow)).text).toBe(wrong);
});

test("a stop sequence within the JSON ends it there, and costs no second turn", async () => {
  const wanted = { format: { type: "json_object" }, stop: ["b"] } as const;
  expect((await answered(new ScriptedSite('{"a":1,"b":2}'), wanted)).parts).toEqual([
    { type: "text-delta", text: '{"a":1,"' },
    { type: "end", finishReason: "stop", stopSequence: "b" },
  ]);
  const behind = await answered(new ScriptedSite('{"a":1}\nEND of it'), { ...wanted, stop: ["END"] });
  expect(behind.text).toBe('{"a":1}');
});
