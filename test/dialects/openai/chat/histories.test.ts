import { ChatOpenAI } from "@langchain/openai";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { openDialect, turnsOf } from "../../../support/dialect-server.ts";
import { KEY } from "../../../support/scripted-gateway.ts";

const PNG = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };
const IMAGE_LINE = "[an image, which this model cannot see]";
const GO = { role: "user", content: "go" };
const HI = { role: "assistant", content: "hi" };
const called = (id: unknown = "c1", more: object = {}) => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name: "look", arguments: "{}" }, ...more }],
});
const result = (content: unknown, id: unknown = "c1") => ({ role: "tool", tool_call_id: id, content });

async function ask(messages: readonly object[]) {
  const { send, asked } = await openDialect();
  const response = await send("/v1/chat/completions", { model: "gpt-4o", messages });
  const text = await response.text();
  return { status: response.status, text, turns: turnsOf(asked[0]), ignored: response.headers.get("x-ignored-params") };
}

describe("an image", () => {
  test("of an earlier turn leaves a line, and is named", async () => {
    const earlier = { role: "user", content: [{ type: "text", text: "what is it" }, PNG] };
    const { status, turns, ignored } = await ask([earlier, { role: "assistant", content: "A cat." }, GO]);
    expect([status, turns[0]?.text, ignored]).toEqual([200, `what is it\n${IMAGE_LINE}`, "messages.image_url"]);
  });

  test.each<[string, readonly object[]]>([
    ["in the result", [result([{ type: "text", text: "Read." }, PNG])]],
    ["behind the result, as the user", [result("Read."), { role: "user", content: [PNG] }]],
    [
      "behind an older result",
      [
        { role: "function", name: "look", content: "Read." },
        { role: "user", content: [PNG] },
      ],
    ],
  ])("that a tool returned leaves a line: %s", async (_name, after) => {
    const { status, turns, ignored } = await ask([GO, called(), ...after]);
    const read = turns.slice(2).map(({ text }) => text);
    expect([status, read.join("\n"), ignored]).toEqual([200, `Read.\n${IMAGE_LINE}`, "messages.image_url"]);
  });

  test("that was refused and stays in the history does not refuse what comes next", async () => {
    const { status, turns } = await ask([{ role: "user", content: [PNG] }, GO]);
    expect([status, turns.map(({ text }) => text)]).toEqual([200, [IMAGE_LINE, "go"]]);
  });

  test("or anything else that the user attaches now is refused by place", async () => {
    for (const part of [PNG, { type: "input_audio", input_audio: {} }, { type: "file", file: { file_id: "f" } }]) {
      const { status, text } = await ask([GO, HI, { role: "user", content: [part] }, { role: "system", content: "x" }]);
      expect([status, text]).toEqual([400, expect.stringContaining("messages[2].content[0]")]);
    }
  });

  test.each([
    ["input_audio", "[a recording, which this model cannot hear]"],
    ["video_url", "[a video, which this model cannot see]"],
    ["file", "[a file, which this model cannot read]"],
    ["input_image", IMAGE_LINE],
    ["computer_screenshot", IMAGE_LINE],
  ])("or a part of type %s of an earlier turn is told as what it is", async (type, line) => {
    const { turns } = await ask([{ role: "user", content: [{ type, [type]: {} }] }, HI, GO]);
    expect(turns[0]?.text).toBe(line);
  });
});

describe("a part of a history that nobody knows", () => {
  test.each([
    { type: "from_tomorrow", text: "WORDS" },
    { type: "from_tomorrow", content: [{ type: "text", text: "WORDS" }] },
    { type: "output_audio", transcript: "WORDS" },
    { text: "WORDS" },
  ])("is read as far as it holds text: %j", async (part) => {
    const { status, turns, ignored } = await ask([GO, { role: "assistant", content: [part] }, GO]);
    expect([status, turns[1]?.text, ignored]).toEqual([200, "WORDS", null]);
  });

  test("is left out and named where it holds none", async () => {
    const content = [
      { type: "text", text: "Look:" },
      { type: "from_tomorrow", data: 1 },
    ];
    const { status, turns, ignored } = await ask([GO, { role: "assistant", content }, GO]);
    expect([status, turns[1]?.text, ignored]).toEqual([200, "Look:", "messages.from_tomorrow"]);
  });

  test("is a role: a user by that name", async () => {
    const { turns } = await ask([GO, { role: "critic", content: "WORDS" }, { role: "model", content: "hi" }, GO]);
    expect(turns.slice(1, 3)).toEqual([
      { role: "user", name: "critic", text: "WORDS" },
      { role: "assistant", text: "hi" },
    ]);
  });

  test("is a kind of call: left out and named, its result kept", async () => {
    const { status, turns, ignored } = await ask([
      GO,
      called("c1", { type: "mcp", function: undefined }),
      result("DONE"),
      GO,
    ]);
    expect([status, turns.map(({ text }) => text), ignored]).toEqual([
      200,
      ["go", "DONE", "go"],
      "messages.tool_calls.mcp",
    ]);
  });
});

describe("a history that is not whole", () => {
  test.each<[string, readonly object[]]>([
    ["begins with a result", [result("done"), HI, GO]],
    ["has a result whose call is gone", [GO, called("c1"), result("done", "gone")]],
    ["has a call without a result", [GO, called(), GO]],
    ["has a turn without content", [GO, { role: "assistant", content: null }, GO]],
    ["has a turn with an empty list of calls", [GO, { role: "assistant", content: null, tool_calls: [] }, GO]],
    ["has a turn of empty parts", [GO, { role: "assistant", content: [] }, GO]],
    ["has a result without content", [GO, called(), result(null)]],
    ["has a result without an id", [GO, called(), { role: "tool", content: "done" }]],
    ["has a result before its call", [GO, result("done"), called(), GO]],
    ["has a call without a type", [GO, called("c1", { type: undefined }), result("done")]],
    [
      "has arguments that are no text",
      [GO, called("c1", { function: { name: "look", arguments: { a: 1 } } }), result("x")],
    ],
    ["has no arguments", [GO, called("c1", { function: { name: "look" } }), result("x")]],
    ["has a call without a name", [GO, called("c1", { function: { name: "", arguments: "{}" } }), result("x")]],
  ])("is answered when it %s", async (_name, messages) => {
    expect((await ask(messages)).status).toBe(200);
  });

  test("pairs calls and results that have no ids", async () => {
    const calls = ["a", "b"].map((name) => ({ id: "", type: "function", function: { name, arguments: "{}" } }));
    const { turns } = await ask([
      GO,
      { role: "assistant", content: null, tool_calls: calls },
      result("A", ""),
      result("B", null),
    ]);
    const ids = turns[1]?.toolCalls?.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(turns.slice(2).map(({ toolCallId }) => toolCallId)).toEqual(ids);
  });

  test("comes from an agent library that cut it", async () => {
    const { url, asked } = await openDialect("Hello");
    const chat = new ChatOpenAI({ apiKey: KEY, model: "gpt-4o", configuration: { baseURL: `${url}/v1` } });
    const history = [
      new ToolMessage({ content: "4 degrees", tool_call_id: "gone" }),
      new AIMessage("It is cold."),
      new HumanMessage("And now?"),
    ];
    expect((await chat.invoke(history)).content).toBe("Hello");
    expect(asked[0]?.messages.map(({ role }) => role)).toEqual(["tool", "assistant", "user"]);
  });
});

test("what the system says late stays at its place", async () => {
  const { turns } = await ask([
    { role: "system", content: "FIRST" },
    { role: "user", content: "ONE" },
    called(),
    result("RESULT"),
    { role: "developer", content: "LATE" },
  ]);
  expect(turns.map(({ role }) => role)).toEqual(["system", "user", "assistant", "tool", "system"]);
});

test("the assistant's beginning stays the last turn", async () => {
  const { turns } = await ask([GO, { role: "assistant", content: "The capital of France is" }]);
  expect(turns.at(-1)).toEqual({ role: "assistant", text: "The capital of France is" });
});
