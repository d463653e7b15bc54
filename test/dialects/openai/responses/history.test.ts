import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { flatten } from "../../../../src/sites/prompt.ts";
import { ASK, history, open, parse, saysInTurn } from "../../../support/responses-client.ts";
import { says } from "../../../support/scripted-gateway.ts";

const IMAGE = { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" };
const NOTE = "[an image, which this model cannot see]";

/** What an agent's request has beside its input. */
const AGENT = {
  model: "gptomni",
  instructions: "You are a coding agent.",
  store: false,
  include: ["reasoning.encrypted_content"],
  prompt_cache_key: "thread-1",
  reasoning: { effort: "medium", summary: "auto" },
  client_metadata: { installation: "x" },
};

describe("an image", () => {
  test.each([
    [
      [
        { role: "user", content: [{ type: "input_text", text: "what?" }, IMAGE] },
        { role: "assistant", content: "A cat." },
      ],
    ],
    [
      [
        { role: "user", content: [{ type: "input_text", text: "what?" }, IMAGE] },
        { type: "reasoning", summary: [] },
      ],
    ],
    [
      [
        { role: "user", content: [{ type: "input_text", text: "what?" }, IMAGE] },
        { type: "function_call", call_id: "c", name: "look", arguments: "{}" },
        { type: "function_call_output", call_id: "c", output: "ok" },
      ],
    ],
    [[{ role: "user", content: [{ type: "input_text", text: "what?" }, IMAGE] }]],
  ])("of an earlier message is a line in it: %j", (items) => {
    const { messages, leftOut } = history(...items);
    expect(messages[0]).toEqual({ role: "user", text: `what?\n${NOTE}` });
    expect(leftOut).toContain("input.content.input_image");
  });

  test.each([
    [{ role: "user", content: "look" }],
    [{ type: "function_call", call_id: "c", name: "look", arguments: "{}" }],
    [{ role: "developer", content: "Be brief." }],
  ])("that the user adds just now is refused, after %j and before instructions", (before) => {
    const added = { role: "user", content: [{ type: "input_text", text: "what?" }, IMAGE] };
    const late = { role: "developer", content: "Be brief." };
    expect(() => parse({ input: [before, added, late] })).toThrow("parts of type 'input_image' are not supported");
  });

  test("that an agent hands on as a user's message, behind a tool's output, is a line", () => {
    const call = { type: "function_call", call_id: "c", name: "shoot", arguments: "{}" };
    const output = { type: "function_call_output", call_id: "c", output: "see below" };
    const { ask } = parse({
      input: [{ role: "user", content: "look" }, call, output, { role: "user", content: [IMAGE] }],
    });
    expect(ask.chat.messages.at(-1)).toEqual({ role: "user", text: NOTE });
  });

  test.each([
    ["input_file", "[a file, which this model cannot read]"],
    ["input_audio", "[a recording, which this model cannot hear]"],
    ["input_video", "[a video, which this model cannot see]"],
    ["image_url", NOTE],
  ])("or another attachment (%s) says what it is", (type, note) => {
    const { messages } = history(
      { role: "user", content: [{ type }, { type: "input_text", text: "?" }] },
      { role: "assistant", content: "a" },
    );
    expect(messages[0]?.text).toBe(`${note}\n?`);
  });

  test("that a tool returned last of all does not stop an agent, not even after a resume", async () => {
    const { respond, turns } = await open(saysInTurn("I see nothing.", "Still nothing."));
    const input = [
      { role: "user", content: "look at x.png" },
      { type: "function_call", call_id: "c1", name: "view_image", arguments: '{"path":"x.png"}' },
      { type: "function_call_output", call_id: "c1", output: [IMAGE] },
    ];
    const first = (await (await respond({ input })).json()) as { id: string };
    expect(turns()?.at(-1)).toMatchObject({ role: "tool", text: NOTE });
    const again = await respond({ previous_response_id: first.id, input: "and now?" });
    expect(again.status).toBe(200);
    expect(again.headers.get("x-ignored-params")).toBe("input.content.input_image");
    expect(turns()?.map(({ text }) => text)).toEqual(["look at x.png", "", NOTE, "I see nothing.", "and now?"]);
  });
});

test.each([
  { type: "function_call_output", call_id: "call_9", output: "a" },
  { type: "function_call_output", call_id: null, output: "a" },
  { type: "custom_tool_call_output", call_id: "", output: "a" },
  { type: "shell_call_output", call_id: "x".repeat(300), output: "a" },
  { type: "local_shell_call_output", output: "a" },
])("an output without its call is a result all the same: %j", (item) => {
  expect(history(item)).toEqual({ messages: [{ role: "tool", text: "a" }], leftOut: [] });
});

test("an output that brings its tool's name keeps it, and ids may be anything", () => {
  const output = { type: "function_call_output", call_id: null, name: "weather", output: "Rain" };
  expect(history(output).messages).toEqual([{ role: "tool", name: "weather", text: "Rain" }]);
  const call = { type: "function_call", call_id: 7, name: "weather", arguments: "{}" };
  expect(history(call, { type: "function_call_output", call_id: 7, output: "Rain" }).messages).toEqual([
    { role: "assistant", text: "", toolCalls: [{ id: "7", name: "weather", arguments: "{}" }] },
    { role: "tool", text: "Rain", toolCallId: "7" },
  ]);
});

test("late instructions stand where they came", async () => {
  const { ask } = parse({
    input: [
      { role: "developer", content: "EARLY" },
      { role: "user", content: "ONE" },
      { role: "assistant", content: "TWO" },
      { role: "developer", content: "LATE" },
      { role: "system", content: [{ type: "input_text", text: "LATER" }] },
      { role: "user", content: "THREE" },
    ],
  });
  expect(ask.chat.messages.map(({ role, text }) => `${role} ${text}`)).toEqual([
    "system EARLY",
    "user ONE",
    "assistant TWO",
    "system LATE",
    "system LATER",
    "user THREE",
  ]);
});

test("a conversation that OpenAI began goes on here through its SDK, with all that it holds", async () => {
  const { client, asked } = await open(says("Done."));
  const input: OpenAI.Responses.ResponseInput = [
    { role: "user", content: "first" },
    { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "abc" },
    { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "x" } },
    {
      type: "local_shell_call",
      id: "l",
      call_id: "c1",
      status: "completed",
      action: { type: "exec", command: ["ls"], env: {} },
    },
    { type: "local_shell_call_output", id: "c1", output: "a" },
    { type: "additional_tools", role: "developer", tools: [] },
    {
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "done", annotations: [] }],
    },
    { role: "user", content: "and now?" },
  ];
  const { data, response } = await client.responses
    .create({ ...AGENT, input } as OpenAI.Responses.ResponseCreateParamsNonStreaming)
    .withResponse();
  expect(data.output_text).toBe("Done.");
  expect(response.headers.get("x-ignored-params")).toMatch(/, input\.reasoning, input\.web_search_call$/);
  const [request] = asked;
  const prompt = request ? flatten(request) : "";
  for (const told of ["first", "ls", "done", "and now?"]) expect(prompt).toContain(told);
});

test("a call in a namespace is told with it", async () => {
  const { respond, asked } = await open(says("Done."));
  const call = {
    type: "function_call",
    name: "spawn_agent",
    namespace: "collaboration",
    call_id: "c1",
    arguments: "{}",
  };
  await respond({
    input: [{ role: "user", content: "hi" }, call, { type: "function_call_output", call_id: "c1", output: "ok" }],
  });
  const [request] = asked;
  expect(request && flatten(request)).toContain('name="spawn_agent" namespace="collaboration">{}<');
});

test("items come back as they were given, and are continued", async () => {
  const { client, turns } = await open(saysInTurn("One.", "Two."));
  const call = {
    type: "apply_patch_call" as const,
    call_id: "c1",
    status: "completed" as const,
    operation: { type: "delete_file" as const, path: "a" },
  };
  const first = await client.responses.create({
    ...ASK,
    input: [
      { role: "user", content: "1" },
      call,
      { type: "apply_patch_call_output", call_id: "c1", status: "completed" },
    ],
  });
  const items = await Array.fromAsync(client.responses.inputItems.list(first.id, { order: "asc" }));
  expect(items).toMatchObject([
    { type: "message" },
    { ...call, id: expect.stringMatching(/^apc_/) },
    { type: "apply_patch_call_output" },
  ]);
  await client.responses.create({ ...ASK, input: "2", previous_response_id: first.id });
  expect(turns()?.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant", "user"]);
});

test("a format that a piece of the history sets holds until the request sets another", () => {
  const schema = { type: "object" };
  const update = { type: "configuration_update", text: { format: { type: "json_schema", name: "a", schema } } };
  const input = [{ role: "user", content: "1" }, update, { role: "user", content: "2" }];
  const { ask, emulatedParams, response } = parse({ input });
  expect(ask.format).toMatchObject({ type: "json_schema", schema });
  expect(emulatedParams).toContain("text.format");
  expect(response["text"]).toMatchObject({ format: { type: "json_schema" } });
  const text = { format: { type: "text" } };
  expect(parse({ input, text }).ask.format).toEqual({ type: "text" });
});

test("a schema beside json_object holds", () => {
  const schema = { type: "object", required: ["a"] };
  const { ask, response } = parse({ text: { format: { type: "json_object", schema } } });
  expect(ask.format).toEqual({ type: "json_schema", name: "answer", schema, param: "text.format.schema" });
  expect(response["text"]).toMatchObject({ format: { type: "json_schema", schema } });
});
