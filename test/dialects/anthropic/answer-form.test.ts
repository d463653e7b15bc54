import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { toMessage } from "../../../src/dialects/anthropic/message.ts";
import { toolInputsOf } from "../../../src/dialects/anthropic/tool-inputs.ts";
import { parseMessageRequest } from "../../../src/dialects/anthropic/request.ts";
import { answersOf } from "../../support/answers.ts";
import { threadCpuMs } from "../../support/thread-cpu.ts";
import { openDialect, turnsOf } from "../../support/dialect-server.ts";

const GO = { role: "user" as const, content: "go" };
const ASK = { model: "claude-x", max_tokens: 99, messages: [GO] };
const WORD = {
  type: "object",
  properties: { word: { type: "string" } },
  required: ["word"],
  additionalProperties: false,
};
const CHATTY = 'Sure! Here it is:\n```json\n{"word":"PONG"}\n```\nAnything else?';

/** A history with one call, its input written as the caller likes. */
const body = (input: string, more = "") =>
  `{"model":"m","max_tokens":9,${more}"messages":[{"role":"user","content":"go \\"input\\":{"},` +
  `{"role":"assistant","content":[{"type":"text","text":"}],["},{"type":"tool_use","id":"t","name":"put",` +
  `"input":${input}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"x"}]}]}`;

describe("an answer by schema", () => {
  test.each([
    ["output_config.format", { output_config: { format: { type: "json_schema", schema: WORD } } }],
    ["output_format", { output_format: { type: "json_schema", schema: WORD } }],
    ["both", { output_config: { effort: "low" }, output_format: { type: "json_schema", schema: WORD } }],
  ])("comes where %s asks for it", async (name, asks) => {
    const { send } = await openDialect(CHATTY);
    const response = await send("/v1/messages", { ...ASK, ...asks });
    expect(await response.json()).toMatchObject({ content: [{ type: "text", text: '{"word":"PONG"}' }] });
    const emulated = name === "both" ? "output_format" : name;
    expect(response.headers.get("x-emulated-params")).toContain(emulated);
    expect(response.headers.get("x-ignored-params")).toBe(name === "both" ? "output_config.effort" : null);
  });

  test("is what the SDK parses", async () => {
    const { anthropic } = await openDialect(CHATTY);
    const format = zodOutputFormat(z.object({ word: z.string() }));
    const message = await anthropic.messages.parse({ ...ASK, output_config: { format } });
    expect(message.parsed_output).toEqual({ word: "PONG" });
    const beta = await anthropic.beta.messages.parse({ ...ASK, output_format: format as never });
    expect(beta.parsed_output).toEqual({ word: "PONG" });
  });

  test("streams", async () => {
    const { anthropic } = await openDialect(CHATTY);
    const output_config = { format: { type: "json_schema" as const, schema: WORD } };
    expect(await anthropic.messages.stream({ ...ASK, output_config }).finalText()).toBe('{"word":"PONG"}');
  });

  test("that does not come is an error, never prose", async () => {
    const { send } = await openDialect("No.");
    const response = await send("/v1/messages", { ...ASK, output_format: { type: "json_schema", schema: WORD } });
    expect([response.status, await response.text()]).toEqual([502, expect.stringContaining("format")]);
  });

  test("by a format that nobody knows is refused by name", async () => {
    const { send } = await openDialect();
    const response = await send("/v1/messages", { ...ASK, output_config: { format: { type: "regex", pattern: "a" } } });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("regex")]);
  });
});

test("a thread that is to be continued is not found, in the words that the SDK looks for", async () => {
  const { send } = await openDialect();
  const response = await send("/v1/messages", { ...ASK, thread: { type: "continue", previous_message_id: "msg_1" } });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { type: "invalid_request_error", details: { error_code: "thread_not_found" } } },
  ]);
});

test("what only tunes Anthropic's own service is named and changes nothing", async () => {
  const asks = { speed: "fast", context_management: { edits: [{ type: "x" }] }, inference_geo: "eu", betas: ["a"] };
  const { send } = await openDialect();
  const response = await send("/v1/messages", { ...ASK, ...asks });
  expect([response.status, response.headers.get("x-ignored-params")]).toEqual([200, Object.keys(asks).join(", ")]);
});

describe("what a call was given", () => {
  test.each([
    ["a 64-bit id", '{"id":2512292042121000001}'],
    ["a number beyond all", '{"b":1e400}'],
    ["a whole number as a decimal", '{"price":1.0,"rate":0.1000000000000000055}'],
    ["keys that look like integers", '{"10":1,"2":2,"z":3}'],
    ["strings with quotes and brackets", String.raw`{"a":"}\"]\\","b":["{",{"c":"\u00e9"}]}`],
    ["nothing", "{}"],
    ["white space", '{ "a" :\n [ 1 , 2 ] }'],
  ])("reaches the model as it stood in the history: %s", async (_name, input) => {
    const { send, asked } = await openDialect();
    expect((await send("/v1/messages", body(input))).status).toBe(200);
    expect(turnsOf(asked[0])[1]?.toolCalls).toEqual([{ id: "t", name: "put", arguments: input }]);
  });

  test("is found by the last of keys that are repeated, and by keys that are escaped", () => {
    const call = String.raw`{"type":"tool_use","input":1,"in\u0070ut":{"n":2.0}}`;
    const messages = `"messages":[{"content":[{"input":9}]},{"content":[{"input":8}],"content":[{},${call}]}]`;
    expect(toolInputsOf(`{"messages":[{"content":[{"input":7}]}],${messages}}`)).toEqual([
      ["9"],
      [undefined, '{"n":2.0}'],
    ]);
    expect(toolInputsOf('{"messages":[{"content":[{"input":7}],"content":"x"},3,[]],"a":[1,{"b":[]}]}')).toEqual([[]]);
  });

  test("is found in four megabytes at once", () => {
    const numbers = JSON.stringify(Array.from({ length: 200_000 }, (_, index) => index * 1.5));
    const quotes = JSON.stringify('\\"'.repeat(300_000));
    const text = body(
      '{"id":2512292042121000001}',
      `"metadata":{"a":${numbers},"b":${quotes},"c":"${"x".repeat(1_400_000)}"},`,
    );
    expect(text.length).toBeGreaterThan(4_000_000);
    expect(toolInputsOf(text)[1]?.[1]).toBe('{"id":2512292042121000001}');
    // As a share of what reading the body costs anyway, since machines differ.
    const [own, parsing] = [() => toolInputsOf(text), () => JSON.parse(text) as unknown].map(fastest);
    expect(own).toBeLessThan(10 * (parsing ?? 0));
  });

  test("comes back with the numbers that the model wrote", async () => {
    const input = '{"id":2512292042121000001,"b":1e400,"price":1.0,"deep":[{"n":-0.10}],"s":"1.0"}';
    const answers = answersOf(
      { type: "tool-call", id: "call_1", kind: "function", name: "put", arguments: input },
      { type: "end", finishReason: "tool_calls" },
    );
    const asked = parseMessageRequest(ASK, { bodyText: JSON.stringify(ASK) });
    expect(JSON.stringify(await toMessage(answers, asked))).toContain(`"input":${input}`);
  });
});

function fastest(work: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const beforeMs = threadCpuMs();
    work();
    return threadCpuMs() - beforeMs;
  });
  return Math.min(...times);
}
