import { describe, expect, test } from "vitest";
import { askMessages, openDialect } from "../../support/dialect-server.ts";

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

/** What the model reads of an assistant's block, or of a tool result's. */
async function readAs(place: "assistant" | "result", block: object) {
  const { status, turns, ignored } = await askMessages(
    place === "assistant"
      ? [GO, { role: "assistant", content: [{ type: "text", text: "Look:" }, block] }, GO]
      : [GO, { role: "assistant", content: [CALL] }, { role: "user", content: [result([block])] }],
  );
  expect(status).toBe(200);
  const read = place === "assistant" ? turns[1]?.text : turns[2]?.text;
  return [read, ignored];
}

function result(content: unknown, id = "t1") {
  return { type: "tool_result", tool_use_id: id, content };
}

describe("what the system says among the turns", () => {
  test.each([
    ["as text", "MCP-RULES"],
    ["in blocks", [{ type: "text", text: "MCP-RULES", cache_control: { type: "ephemeral" } }]],
  ])("stands at its place, %s", async (_name, content) => {
    const messages = [GO, { role: "assistant", content: "hi" }, GO, { role: "system", content }];
    const { status, turns } = await askMessages(messages, { system: "FIRST" });
    expect(status).toBe(200);
    expect(turns.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      "system: FIRST",
      "user: go",
      "assistant: hi",
      "user: go",
      "system: MCP-RULES",
    ]);
  });

  test("is counted", async () => {
    const { send } = await openDialect();
    const count = async (messages: readonly object[]) => {
      const response = await send("/v1/messages/count_tokens", { model: "gptomni", messages });
      expect(response.status).toBe(200);
      return ((await response.json()) as { input_tokens: number }).input_tokens;
    };
    expect(await count([GO, { role: "system", content: "MCP-RULES: use the docs server." }])).toBeGreaterThan(
      await count([GO]),
    );
  });

  test("about tools that come and go is told in words", async () => {
    const content = [
      { type: "tool_addition", tool: { type: "tool_reference", name: "grep" } },
      { type: "tool_removal", tool: { type: "tool_reference", name: "find" } },
    ];
    const { turns } = await askMessages([GO, { role: "system", content }]);
    expect(turns[1]?.text).toBe("Tool grep is available now.\n\nTool find is no longer available.");
  });

  test("in a block that nobody knows, or with no content, refuses nothing", async () => {
    const { status, turns, ignored } = await askMessages([
      GO,
      { role: "system" },
      { role: "system", content: null },
      { role: "system", content: [{ type: "from_tomorrow", what: 1 }] },
    ]);
    expect([status, turns.length, ignored]).toEqual([200, 1, "messages.from_tomorrow"]);
  });
});

test("Claude Code's billing line is no instruction", async () => {
  const system = [
    { type: "text", text: "x-anthropic-billing-header: cc_version=2.1.332; cc_entrypoint=cli;" },
    { type: "text", text: "You are Claude Code." },
  ];
  const { turns } = await askMessages([GO], { system });
  expect(turns[0]).toEqual({ role: "system", text: "You are Claude Code." });
});

describe("a block of a history", () => {
  test.each<[string, object, string | RegExp]>([
    ["a reference to a tool", { type: "tool_reference", tool_name: "WebFetch" }, "Tool WebFetch is available now."],
    ["an image", PNG, IMAGE_LINE],
    ["a PDF", PDF, "[a file, which this model cannot read]"],
    ["a document of text", TEXT_FILE, "notes.txt\nNOTES"],
    [
      "a document of blocks",
      { type: "document", source: { type: "content", content: [{ type: "text", text: "NOTES" }, PNG] } },
      `NOTES\n${IMAGE_LINE}`,
    ],
    [
      "a search result",
      { type: "search_result", title: "Docs", source: "https://a.b", content: [{ type: "text", text: "FOUND" }] },
      "Docs\nhttps://a.b\nFOUND",
    ],
    [
      "the state of a browser",
      { type: "browser_state", tabs: [{ tab_id: "7", title: "T", url: "u" }] },
      /^Open tabs: .*"7"/,
    ],
    ["a block of tomorrow with text", { type: "from_tomorrow", text: "WORDS" }, "WORDS"],
    ["a block of tomorrow with blocks", { type: "from_tomorrow", content: [{ type: "x", text: "WORDS" }] }, "WORDS"],
  ])("that a tool returned, %s, is read as far as it holds text", async (_name, block, expected) => {
    const [read] = await readAs("result", block);
    expect(read).toMatch(typeof expected === "string" ? new RegExp(`^${RegExp.escape(expected)}$`) : expected);
  });

  test.each<[string, object, string]>([
    [
      "a search on the web",
      {
        type: "web_search_tool_result",
        tool_use_id: "s",
        content: [{ type: "web_search_result", title: "A", url: "https://a.b", encrypted_content: "X" }],
      },
      "Look:\nA\nhttps://a.b",
    ],
    [
      "a search that failed",
      {
        type: "web_search_tool_result",
        tool_use_id: "s",
        content: { type: "web_search_tool_result_error", error_code: "unavailable" },
      },
      "Look:\nError: unavailable",
    ],
    [
      "a page",
      {
        type: "web_fetch_tool_result",
        tool_use_id: "s",
        content: { type: "web_fetch_result", url: "https://a.b", content: TEXT_FILE },
      },
      "Look:\nnotes.txt\nNOTES",
    ],
    [
      "code that ran",
      {
        type: "bash_code_execution_tool_result",
        tool_use_id: "s",
        content: { type: "bash_code_execution_result", stdout: "OUT", stderr: "ERR", return_code: 0, content: [] },
      },
      "Look:\nOUT\nERR",
    ],
    [
      "a search for tools",
      {
        type: "tool_search_tool_result",
        tool_use_id: "s",
        content: {
          type: "tool_search_tool_search_result",
          tool_references: [{ type: "tool_reference", tool_name: "grep" }],
        },
      },
      "Look:\nTool grep is available now.",
    ],
    [
      "an MCP server",
      { type: "mcp_tool_result", tool_use_id: "s", content: [{ type: "text", text: "WORDS" }] },
      "Look:\nWORDS",
    ],
    ["a summary", { type: "compaction", content: "SUMMARY" }, "Look:\nSUMMARY"],
  ])("that Anthropic made, of %s, is read as far as it holds text", async (_name, block, expected) => {
    expect(await readAs("assistant", block)).toEqual([expected, null]);
  });

  test.each([
    { type: "server_tool_use", id: "s", name: "web_search", input: { query: "x" } },
    { type: "mcp_tool_use", id: "s", name: "x", server_name: "docs", input: {} },
    { type: "mcp_tool_listing", mcp_server_name: "docs", tools: [] },
    { type: "fallback", from: {}, to: {} },
    { type: "from_tomorrow", data: [1, 2] },
  ])("without text, $type, is left out and named", async (block) => {
    expect(await readAs("assistant", block)).toEqual(["Look:", `messages.${block.type}`]);
    expect(await readAs("result", block)).toEqual(["", `messages.${block.type}`]);
  });

  test.each([
    { type: "thinking", thinking: "Hm.", signature: "s" },
    { type: "redacted_thinking", data: "s" },
  ])("of thoughts, $type, is left out without a word", async (block) => {
    expect(await readAs("assistant", block)).toEqual(["Look:", null]);
  });
});
