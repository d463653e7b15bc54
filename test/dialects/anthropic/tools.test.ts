import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseMessageRequest } from "../../../src/dialects/anthropic/request.ts";
import { openDialect } from "../../support/dialect-server.ts";

const GO = { role: "user" as const, content: "go" };
const ASK = { model: "claude-x", max_tokens: 99, messages: [GO] };
const SCHEMA = { type: "object" as const, properties: { q: { type: "string" } }, required: ["q"] };

const change = (type: string, tool: object) => ({ role: "system", content: [{ type, tool }] });
const definition = (name: string) => ({ type: "tool_definition", definition: { name, input_schema: SCHEMA } });

function parse(changes: object) {
  const body = { ...ASK, ...changes };
  return parseMessageRequest(body, { bodyText: JSON.stringify(body) });
}

/** Of each tool its name and what may be given to it. */
function toolsOf(changes: object) {
  return parse(changes).ask.tools.map(({ name, parameters }) => [
    name,
    Object.keys(Object(parameters?.["properties"])),
  ]);
}

describe("a tool that the caller runs", () => {
  test.each<[string, string, readonly string[]]>([
    ["bash_20250124", "bash", ["command", "restart"]],
    ["bash_20241022", "bash", ["command"]],
    ["text_editor_20250728", "str_replace_based_edit_tool", ["command", "path", "insert_text", "view_range"]],
    ["text_editor_20250124", "str_replace_editor", ["command", "path", "old_str", "new_str"]],
    ["computer_20251124", "computer", ["action", "coordinate", "scroll_direction"]],
    ["memory_20250818", "memory", ["command", "old_path", "new_path"]],
  ])("is declared by its type %s alone", (type, name, parameters) => {
    const [tool] = toolsOf({ tools: [{ type, name }] });
    expect(tool).toEqual([name, expect.arrayContaining([...parameters])]);
    expect(toolsOf({ tools: [{ type }] })[0]?.[0]).toBe(name);
    expect(parse({ tools: [{ type, name }] }).ignoredParams).toEqual([]);
  });

  test.each([
    { name: "search", input_schema: SCHEMA },
    { type: "custom", name: "search", input_schema: SCHEMA, defer_loading: true },
    { type: "tool_search_client", name: "search", input_schema: SCHEMA },
    { type: "from_tomorrow_20300101", name: "search", input_schema: SCHEMA },
    { type: "function", name: "search", parameters: SCHEMA },
    { type: "function", function: { name: "search", parameters: SCHEMA } },
  ])("is declared by its schema, whatever its type: %j", (tool) => {
    expect(toolsOf({ tools: [tool] })).toEqual([["search", ["q"]]]);
  });

  test("is called by its name, and goes on with its result", async () => {
    const { anthropic, asked } = await openDialect('<tool_call§ name="bash">{"command":"ls"}</tool_call§>', "Done.");
    const tools = [{ type: "bash_20250124" as const, name: "bash" as const }];
    const first = await anthropic.messages.create({ ...ASK, tools });
    expect(first.content).toMatchObject([{ type: "tool_use", name: "bash", input: { command: "ls" } }]);
    const [call] = first.content;
    const id = call?.type === "tool_use" ? call.id : "";
    const answered = [{ type: "tool_result" as const, tool_use_id: id, content: "a.txt" }];
    const second = await anthropic.messages.create({
      ...ASK,
      tools,
      messages: [GO, { role: "assistant", content: first.content }, { role: "user", content: answered }],
    });
    expect(second.content).toMatchObject([{ type: "text", text: "Done." }]);
    expect(asked[1]?.messages.at(-1)).toMatchObject({ role: "tool", text: "a.txt" });
  });

  test("is run by the SDK's own tool runner", async () => {
    const { anthropic } = await openDialect('<tool_call§ name="add">{"a":1,"b":2}</tool_call§>', "It is 3.");
    const given: unknown[] = [];
    const add = betaZodTool({
      name: "add",
      description: "Adds.",
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      run: ({ a, b }) => {
        given.push([a, b]);
        return String(a + b);
      },
    });
    const last = await anthropic.beta.messages.toolRunner({ ...ASK, tools: [add] });
    expect([given, last.content]).toMatchObject([[[1, 2]], [{ type: "text", text: "It is 3." }]]);
  });

  test("shows the model examples of its input", () => {
    const [tool] = parse({
      tools: [{ name: "a", description: "Does.", input_schema: SCHEMA, input_examples: [{ q: "x" }] }],
    }).ask.tools;
    expect(tool?.description).toBe('Does.\n\nExamples of its input: [{"q":"x"}]');
  });

  test("is strict where the caller says so, and only there", () => {
    const tools = [
      { name: "a", input_schema: SCHEMA, strict: true },
      { name: "b", input_schema: SCHEMA, strict: false },
      { name: "c", input_schema: SCHEMA },
      { type: "bash_20250124", name: "bash", strict: true },
    ];
    expect(parse({ tools }).ask.tools.map(({ isStrict }) => isStrict)).toEqual([true, undefined, undefined, true]);
  });
});

describe("a toolset", () => {
  test("declares its members, without those that are off", () => {
    const configs = { zoom: { enabled: false }, key: { enabled: true }, type: null };
    const { ask } = parse({
      tools: [{ type: "computer_toolset_20260801", configs }, { type: "browser_toolset_20260801" }],
    });
    const ofSet = (wanted: string) => ask.tools.filter(({ namespace }) => namespace === wanted).map(({ name }) => name);
    expect(ofSet("computer")).toHaveLength(16);
    expect(ofSet("browser")).toHaveLength(31);
    expect([ofSet("computer").includes("zoom"), ofSet("browser").includes("zoom")]).toEqual([false, true]);
  });

  test("is called by its member's name, and says which toolset it is", async () => {
    const { anthropic } = await openDialect('<tool_call§ name="browser.find">{"query":"the door"}</tool_call§>');
    const tools = [{ type: "computer_toolset_20260801" as const }, { type: "browser_toolset_20260801" as const }];
    const { content } = await anthropic.messages.create({ ...ASK, tools });
    const call = { type: "tool_use", name: "find", toolset_name: "browser", input: { query: "the door" } };
    expect(content).toMatchObject([call]);
    const streamed = await anthropic.messages.stream({ ...ASK, tools }).finalMessage();
    expect(streamed.content).toMatchObject([call]);
  });

  test("knows the calls of its members in the history", () => {
    const call = { type: "tool_use", id: "t", name: "key", toolset_name: "computer", input: { text: "a" } };
    const { ask } = parse({ messages: [GO, { role: "assistant", content: [call] }, GO] });
    expect(ask.chat.messages[1]?.toolCalls).toMatchObject([{ name: "key", namespace: "computer" }]);
  });
});

describe("a tool that Anthropic would run", () => {
  test.each([
    { type: "web_search_20250305", name: "web_search", max_uses: 3 },
    { type: "web_fetch_20260318", name: "web_fetch" },
    { type: "code_execution_20260521", name: "code_execution" },
    { type: "tool_search_tool_regex_20251119", name: "tool_search_tool_regex" },
    { type: "advisor_20260301", name: "advisor", model: "x" },
    { type: "mcp_toolset", mcp_server_name: "docs" },
  ])("is left out and named: $type", (tool) => {
    const { ask, ignoredParams } = parse({ tools: [tool, { name: "own", input_schema: SCHEMA }] });
    expect([ask.tools.map(({ name }) => name), ignoredParams]).toEqual([["own"], [tool.type]]);
  });
});

test("more tools than a prompt can hold are refused, also where they come one by one", () => {
  const messages = Array.from({ length: 600 }, (_, index) => change("tool_addition", definition(`t${index}`)));
  expect(() => parse({ messages: [GO, ...messages] })).toThrow("Invalid 'tools': array too long");
});

test("tools that come and go in the middle of the conversation count", () => {
  const messages = [
    GO,
    change("tool_addition", definition("late")),
    change("tool_addition", { type: "tool_definition", definition: { type: "bash_20250124", name: "bash" } }),
    change("tool_removal", { type: "tool_reference", name: "early" }),
  ];
  const tools = ["early", "stays"].map((name) => ({ name, input_schema: SCHEMA }));
  expect(toolsOf({ messages, tools }).map(([name]) => name)).toEqual(["stays", "late", "bash"]);
});
