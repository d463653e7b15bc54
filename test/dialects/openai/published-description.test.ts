import { Ajv2020 } from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../src/errors.ts";
import { fails, HELLO, JSON_HEADERS, says, serve, type Answer } from "../../support/scripted-gateway.ts";

interface Published {
  readonly version: string;
  readonly schemas: Readonly<Record<string, object>>;
}

const FILE = new URL("published-description.json", import.meta.url);
const { schemas } = JSON.parse(
  readFileSync(FILE, "utf8").replaceAll('"#/components/schemas/', '"openai#/schemas/'),
  nullableAsUnion,
) as Published;
/** OpenAPI 3.0's way to allow null still stands in places of this 3.1 document. */
function nullableAsUnion(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  const { nullable, ...schema } = value;
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: "openai", schemas });

/** What the published schema finds wrong; nothing when it is met. */
function violations(name: string, value: unknown): string[] {
  const check = ajv.compile({ $ref: `openai#/schemas/${name}` });
  if (check(value)) return [];
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The published schema of one event, since what a union of fifty finds wrong says nothing. */
function eventSchema(event: unknown): string {
  const { type } = event as { type: string };
  const found = Object.entries(schemas).find(([, schema]) => {
    const { properties } = schema as { properties?: { type?: { enum?: string[] } } };
    return properties?.type?.enum?.includes(type) === true;
  });
  if (!found) throw new Error(`no published event is a ${type}`);
  return found[0];
}

async function answerOf(answer: Answer, path: string, body: object): Promise<unknown> {
  const { url } = await serve(answer);
  const response = await fetch(url + path, { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(body) });
  return response.json();
}

async function eventsOf(answer: Answer, path: string, body: object): Promise<unknown[]> {
  const { url } = await serve(answer);
  const init = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify({ ...body, stream: true }) };
  const text = await (await fetch(url + path, init)).text();
  return [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, data = ""]) => JSON.parse(data) as unknown);
}

const CALL = '<tool_call§ name="weather">{"city":"Oslo"}</tool_call§>';
const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const CHAT_TOOLS = [{ type: "function", function: { name: "weather", parameters: PARAMETERS } }];
const RESPONSE_TOOLS = [{ type: "function", name: "weather", parameters: PARAMETERS, strict: false }];
const NAMESPACE = { type: "namespace", name: "mcp__docs", description: "Docs", tools: RESPONSE_TOOLS };
const callOf = (name: string, given: object) => `<tool_call§ name="${name}">${JSON.stringify(given)}</tool_call§>`;
const PATCH = { operation: { type: "update_file", path: "a", diff: "@@\n-x\n+y" } };
const ASKED = { model: "gptomni", input: "Hello!" };

test("a schema that is broken is noticed", () => {
  expect(violations("CreateChatCompletionResponse", { id: 1 })).not.toEqual([]);
  expect(violations("ResponseStreamEvent", { type: "response.completed" })).not.toEqual([]);
});

describe("what OpenAI's own description demands is met by", () => {
  test.each([
    ["a text", says("Hello", " world"), {}],
    ["two choices", says("Hello"), { n: 2 }],
    ["a cut answer", says("one two three four"), { max_tokens: 2 }],
    ["a call", says("Let me see. ", CALL), { tools: CHAT_TOOLS }],
    ["an object by schema", says('{"city":"Oslo"}'), { response_format: { type: "json_object" } }],
  ])("chat completions: %s", async (_name, answer, more) => {
    const path = "/v1/chat/completions";
    const body = { ...HELLO, ...more, stream_options: { include_usage: true } };
    expect(violations("CreateChatCompletionResponse", await answerOf(answer, path, body))).toEqual([]);
    const chunks = await eventsOf(answer, path, body);
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks) expect(violations("CreateChatCompletionStreamResponse", chunk)).toEqual([]);
  });

  test.each([
    ["a text", says("Hello", " world"), {}],
    ["a cut answer", says("one two three four"), { max_output_tokens: 2 }],
    ["a call", says("Let me see. ", CALL), { tools: RESPONSE_TOOLS }],
    [
      "a call in a namespace",
      says("I look.", CALL),
      { tools: [NAMESPACE, { type: "custom", name: "exec", description: "Runs." }] },
    ],
    [
      "a custom tool's call",
      says('<tool_call§ name="exec">ls</tool_call§>'),
      { tools: [{ type: "custom", name: "exec", description: "Runs." }] },
    ],
    [
      "a local shell's call",
      says("I look.", callOf("local_shell", { command: ["ls"], timeout_ms: 5 })),
      { tools: [{ type: "local_shell" }] },
    ],
    [
      "a shell's call",
      says("I look.", callOf("shell", { commands: ["ls", "pwd"] })),
      { tools: [{ type: "shell", environment: { type: "local" } }], tool_choice: { type: "shell" } },
    ],
    [
      "an editor's call",
      says("I look.", callOf("apply_patch", PATCH)),
      { tools: [{ type: "apply_patch" }], tool_choice: { type: "apply_patch" } },
    ],
    [
      "a screen's call",
      says("I look.", callOf("computer", { actions: [{ type: "screenshot" }] })),
      { tools: [{ type: "computer" }] },
    ],
    [
      "a search's call",
      says("I look.", callOf("tool_search", { query: "x" })),
      { tools: [{ type: "tool_search", execution: "client" }] },
    ],
  ])("responses: %s", async (_name, answer, more) => {
    const body = { ...ASKED, ...more };
    expect(violations("Response", await answerOf(answer, "/v1/responses", body))).toEqual([]);
    const events = await eventsOf(answer, "/v1/responses", body);
    expect(events.length).toBeGreaterThan(5);
    // Before the end OpenAI really sends `usage: null`, and clients know it; its description forgot that.
    const problems = events.flatMap((event) => violations(eventSchema(event), event));
    expect(problems.filter((problem) => problem !== "/response/usage must be object")).toEqual([]);
    expect(problems.length).toBeLessThanOrEqual(2);
  });

  test("completions", async () => {
    const body = { model: "gptomni", prompt: "Once" };
    expect(violations("CreateCompletionResponse", await answerOf(says("upon"), "/v1/completions", body))).toEqual([]);
    const events = await eventsOf(says("upon", " a time"), "/v1/completions", body);
    // The streamed form is described by no schema of its own, and before its end it has no reason to finish.
    const problems = events.flatMap((event) => violations("CreateCompletionResponse", event));
    expect(problems.filter((problem) => !problem.startsWith("/choices/0/finish_reason"))).toEqual([]);
    expect(problems.filter((problem) => problem.endsWith("must be string")).length).toBeLessThan(events.length);
  });

  test("models, and failures", async () => {
    const { url } = await serve(says("Hello"));
    const models = await (await fetch(`${url}/v1/models`, { headers: JSON_HEADERS })).json();
    expect(violations("ListModelsResponse", models)).toEqual([]);
    const model = await (await fetch(`${url}/v1/models/gptomni`, { headers: JSON_HEADERS })).json();
    expect(violations("Model", model)).toEqual([]);
    const failing = fails(new GatewayError("site_failed", "The site failed."));
    expect(violations("ErrorResponse", await answerOf(failing, "/v1/chat/completions", HELLO))).toEqual([]);
    expect(violations("ErrorResponse", await answerOf(failing, "/v1/responses", ASKED))).toEqual([]);
  });
});
