import { describe, expect, test } from "vitest";
import { askMessages } from "../../support/dialect-server.ts";

const PNG = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
const IMAGE_LINE = "[an image, which this model cannot see]";
const GO = { role: "user", content: "go" };
const CALL = { type: "tool_use", id: "t1", name: "look", input: {} };
const TEXT_FILE = {
  type: "document",
  title: "notes.txt",
  source: { type: "text", media_type: "text/plain", data: "NOTES" },
};
const PDF = {
  type: "document",
  title: "a.pdf",
  source: { type: "base64", media_type: "application/pdf", data: "JVBE" },
};

function result(content: unknown, id = "t1") {
  return { type: "tool_result", tool_use_id: id, content };
}

describe("an image", () => {
  test("of an earlier turn leaves a line, and is named", async () => {
    const earlier = { role: "user", content: [{ type: "text", text: "what is it" }, PNG] };
    const { status, turns, ignored } = await askMessages([earlier, { role: "assistant", content: "A cat." }, GO]);
    expect([status, turns[0]?.text, ignored]).toEqual([200, `what is it\n${IMAGE_LINE}`, "messages.image"]);
  });

  test("that was refused and stays in the history does not refuse what comes next", async () => {
    const { status, turns } = await askMessages([{ role: "user", content: [PNG] }, GO]);
    expect([status, turns.map(({ text }) => text)]).toEqual([200, [IMAGE_LINE, "go"]]);
  });

  test.each([
    ["beside a result", [{ role: "user", content: [result("done"), PNG] }]],
    [
      "behind a result",
      [
        { role: "user", content: [result("done")] },
        { role: "user", content: [PNG] },
      ],
    ],
  ])("that a tool's application put %s is a line", async (_name, after) => {
    const { status, turns } = await askMessages([GO, { role: "assistant", content: [CALL] }, ...after]);
    expect([status, turns.at(-1)?.text]).toEqual([200, IMAGE_LINE]);
  });

  test.each([PNG, PDF, { type: "container_upload", file_id: "f" }])(
    "or another file that the user attaches now is refused: $type",
    async (block) => {
      const { status, text } = await askMessages([
        GO,
        { role: "assistant", content: "hi" },
        { role: "user", content: [block] },
      ]);
      expect([status, text]).toEqual([
        400,
        expect.stringContaining(`blocks of type '${block.type}' are not supported`),
      ]);
    },
  );
});

test.each([
  TEXT_FILE,
  { type: "search_result", title: "Docs", source: "https://a.b", content: [{ type: "text", text: "NOTES" }] },
  { type: "from_tomorrow", text: "NOTES" },
])("what the user attaches now and holds text is read: $type", async (block) => {
  const { status, turns } = await askMessages([
    { role: "user", content: [block, { type: "text", text: "Sum it up." }] },
  ]);
  expect([status, turns[0]?.text]).toEqual([200, expect.stringMatching(/NOTES\nSum it up\.$/)]);
});

describe("a history that is not whole", () => {
  test.each<[string, readonly object[]]>([
    ["begins with a result", [{ role: "user", content: [result("done")] }, { role: "assistant", content: "ok" }, GO]],
    [
      "has a result whose call is gone",
      [GO, { role: "user", content: [result("done", "gone"), { type: "text", text: "go" }] }],
    ],
    ["has a call without a result", [GO, { role: "assistant", content: [CALL] }, GO]],
    ["has an empty turn", [GO, { role: "assistant", content: [] }, GO]],
    ["has a turn without content", [GO, { role: "assistant", content: null }, GO]],
    ["has a turn of thoughts only", [GO, { role: "assistant", content: [{ type: "thinking", thinking: "Hm." }] }, GO]],
    [
      "has two results of one call",
      [GO, { role: "assistant", content: [CALL] }, { role: "user", content: [result("a"), result("b")] }],
    ],
    ["begins with the assistant", [{ role: "assistant", content: "hi" }, GO]],
    ["has input that is no object", [GO, { role: "assistant", content: [{ ...CALL, input: "x" }] }, GO]],
  ])("is answered when it %s", async (_name, messages) => {
    expect((await askMessages(messages)).status).toBe(200);
  });

  test("pairs calls and results that have no ids", async () => {
    const calls = ["a", "b"].map((name) => ({ type: "tool_use", id: "", name, input: {} }));
    const { turns } = await askMessages([
      GO,
      { role: "assistant", content: calls },
      { role: "user", content: [result("A", ""), result("B", "")] },
    ]);
    const ids = turns[1]?.toolCalls?.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(turns.slice(2).map(({ text, toolCallId }) => [text, toolCallId])).toEqual([
      ["A", ids?.[0]],
      ["B", ids?.[1]],
    ]);
  });

  test.each(["critic", "tool", "latest_reminder"])(
    "has a role %s that nobody knows: a user by that name",
    async (role) => {
      const { turns } = await askMessages([GO, { role, content: "WORDS" }, GO]);
      expect(turns[1]).toEqual({ role: "user", name: role, text: "WORDS" });
    },
  );

  test("ends with the assistant's beginning, which stays the last turn", async () => {
    const { turns } = await askMessages([GO, { role: "assistant", content: "{" }]);
    expect(turns.at(-1)).toEqual({ role: "assistant", text: "{" });
  });
});
