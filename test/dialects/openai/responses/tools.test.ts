import { describe, expect, test } from "vitest";
import { ASK, open, parse, WEATHER } from "../../../support/responses-client.ts";
import { says } from "../../../support/scripted-gateway.ts";

const SEARCH = {
  type: "function",
  name: "search",
  description: "Searches.",
  strict: false,
  parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
};
const DOCS = { type: "namespace", name: "mcp__docs", description: "Docs server", tools: [SEARCH] };
const EXEC = { type: "custom", name: "exec", description: "Runs a script", format: { type: "text" } };
const WAIT = { ...SEARCH, name: "wait" };
const FUNCTIONS = { type: "namespace", name: "functions", description: "Tools", tools: [EXEC, WAIT] };
const ADDED = { type: "additional_tools", role: "developer", id: "at_1", tools: [FUNCTIONS] };
const USER = { role: "user", content: "Go." };

function named(changes: object) {
  return parse(changes).ask.tools.map(({ name, namespace }) =>
    namespace === undefined ? name : `${namespace}/${name}`,
  );
}

describe("the model is told of every tool that the caller runs", () => {
  test.each([
    ["functions of namespaces", { tools: [WEATHER, DOCS, { type: "web_search" }] }, ["weather", "mcp__docs/search"]],
    ["tools that come as an item", { input: [ADDED, USER] }, ["functions/exec", "functions/wait"]],
    ["none from an empty item", { input: [{ ...ADDED, tools: [] }, USER] }, []],
    ["plain tools in an item", { input: [{ ...ADDED, tools: [WEATHER, EXEC] }, USER] }, ["weather", "exec"]],
    [
      "what a search found",
      { input: [USER, { type: "tool_search_output", call_id: "c", execution: "client", tools: [DOCS, WEATHER] }] },
      ["mcp__docs/search", "weather"],
    ],
    [
      "what OpenAI's own search found",
      { input: [USER, { type: "tool_search_output", call_id: null, execution: "server", tools: [DOCS] }] },
      ["mcp__docs/search"],
    ],
    ["a shell", { tools: [{ type: "local_shell" }] }, ["local_shell"]],
    ["a shell of several commands", { tools: [{ type: "shell", environment: { type: "local" } }] }, ["shell"]],
    ["an editor", { tools: [{ type: "apply_patch" }] }, ["apply_patch"]],
    ["a screen", { tools: [{ type: "computer" }] }, ["computer"]],
    [
      "an older screen",
      { tools: [{ type: "computer_use_preview", environment: "linux", display_width: 800, display_height: 600 }] },
      ["computer"],
    ],
    ["a search for tools", { tools: [{ type: "tool_search", execution: "client" }] }, ["tool_search"]],
    ["a type of next year", { tools: [{ ...SEARCH, type: "recall" }] }, ["search"]],
    [
      "a schema under another name",
      { tools: [{ type: "memory", name: "memory", input_schema: { type: "object" } }] },
      ["memory"],
    ],
    ["what says that the client runs it", { tools: [{ type: "clock", execution: "client" }] }, ["clock"]],
    [
      "unknown types in a namespace",
      { tools: [{ ...DOCS, tools: [{ ...SEARCH, type: "recall" }] }] },
      ["mcp__docs/search"],
    ],
  ])("%s", (_what, changes, names) => {
    expect(named(changes)).toEqual(names);
    expect(parse(changes).ignoredParams.filter((name) => name !== "web_search")).toEqual([]);
  });

  test("and not of what the provider would run, which is named", () => {
    const hosted = [
      { type: "web_search" },
      { type: "file_search", vector_store_ids: [] },
      { type: "code_interpreter", container: { type: "auto" } },
      { type: "image_generation" },
      { type: "mcp", server_label: "a", server_url: "https://a.example" },
      { type: "shell", environment: { type: "container_auto" } },
      { type: "tool_search" },
      { type: "programmatic_tool_calling" },
      { type: "web_search_2030", name: "w", parameters: {} },
    ];
    const { ask, ignoredParams, emulatedParams } = parse({ tools: hosted });
    expect(ask.tools).toEqual([]);
    expect(ignoredParams).toEqual(hosted.map(({ type }) => type));
    expect(emulatedParams).toEqual([]);
  });

  test("in a schema, with what their groups are about", () => {
    const { ask, emulatedParams, ignoredParams } = parse({
      instructions: "Be brief.",
      tools: [{ type: "local_shell" }, DOCS, { ...WEATHER, name: "rain" }],
    });
    expect(ask.tools).toMatchObject([
      { kind: "function", name: "local_shell", isStrict: true, parameters: { required: ["command"] } },
      { name: "search", namespace: "mcp__docs", parameters: SEARCH.parameters, param: "tools[1].tools[0].parameters" },
      { name: "rain", isStrict: true },
    ]);
    expect(ask.tools[1]).not.toHaveProperty("isStrict");
    expect(ask.chat.messages.map(({ text }) => text)).toEqual([
      "Be brief.",
      "About the tools of the namespace mcp__docs:\nDocs server",
      "Hello!",
    ]);
    expect([emulatedParams, ignoredParams]).toEqual([["tools"], []]);
  });

  test("by the later of two with the same name, while names in other namespaces stay apart", () => {
    const again = { ...SEARCH, description: "Later." };
    const { tools } = parse({ tools: [SEARCH, DOCS, again] }).ask;
    expect(tools.map(({ namespace, description }) => [namespace, description])).toEqual([
      [undefined, "Later."],
      ["mcp__docs", "Searches."],
    ]);
    const item = { ...ADDED, tools: [{ ...SEARCH, description: "Latest." }] };
    expect(parse({ tools: [SEARCH], input: [item, USER] }).ask.tools).toMatchObject([{ description: "Latest." }]);
  });

  test("also where one of those in an item cannot be read", () => {
    const item = { ...ADDED, tools: [{ type: "function", name: "no good" }, 3, WEATHER] };
    const { ask, ignoredParams } = parse({ input: [item, USER] });
    expect([ask.tools.map(({ name }) => name), ignoredParams]).toEqual([["weather"], ["input.additional_tools"]]);
  });

  test("in the turns that continue", async () => {
    const { client, asked, respond } = await open(says('<tool_call§ name="exec">ls</tool_call§>'));
    const first = (await (await respond({ input: [{ ...ADDED, tools: [EXEC] }, USER] })).json()) as { id: string };
    const next = await client.responses.create({ ...ASK, previous_response_id: first.id });
    expect(next.output).toMatchObject([{ type: "custom_tool_call", name: "exec", input: "ls" }]);
    expect(asked).toHaveLength(2);
  });
});

describe("a choice of tools", () => {
  const tools = [WEATHER, DOCS, { type: "local_shell" }, { type: "computer" }, { type: "web_search" }, EXEC];
  const all = ["weather", "mcp__docs/search", "local_shell", "computer", "exec"];
  test.each([
    ["auto", all, "auto"],
    [{ type: "auto" }, all, "auto"],
    ["none", [], "auto"],
    [{ type: "none" }, [], "auto"],
    ["required", all, "required"],
    [{ type: "required" }, all, "required"],
    [{ type: "any" }, all, "required"],
    [{ type: "function", name: "weather" }, all, { name: "weather" }],
    [{ type: "function", name: "search" }, all, { name: "search", namespace: "mcp__docs" }],
    [{ type: "function", name: "search", namespace: "mcp__docs" }, all, { name: "search", namespace: "mcp__docs" }],
    [{ type: "tool", name: "weather" }, all, { name: "weather" }],
    [{ type: "custom", name: "exec" }, all, { name: "exec" }],
    [{ type: "namespace", name: "mcp__docs" }, ["mcp__docs/search"], "required"],
    [{ type: "local_shell" }, all, { name: "local_shell" }],
    [{ type: "computer_use" }, all, { name: "computer" }],
    [
      {
        type: "allowed_tools",
        mode: "auto",
        tools: [{ type: "namespace", name: "mcp__docs" }, { type: "local_shell" }],
      },
      ["mcp__docs/search", "local_shell"],
      "auto",
    ],
    [
      {
        type: "allowed_tools",
        mode: "required",
        tools: [{ type: "web_search" }, { type: "function", name: "search" }],
      },
      ["mcp__docs/search"],
      "required",
    ],
  ])("%j", (choice, names, toolChoice) => {
    expect(named({ tools, tool_choice: choice })).toEqual(names);
    expect(parse({ tools, tool_choice: choice }).ask.toolChoice).toEqual(toolChoice);
  });

  test("that leaves none tells nothing of their groups", () => {
    expect(parse({ tools, tool_choice: "none" }).ask.chat.messages).toHaveLength(1);
    const { response, emulatedParams } = parse({ tools, tool_choice: { type: "auto" } });
    expect([response["tool_choice"], emulatedParams]).toEqual(["auto", ["tools"]]);
  });
});

test.each(["compact", "input_tokens"])("POST /v1/responses/%s says that it is not served", async (action) => {
  const { get } = await open(says("Hello"));
  const response = await get(action, "POST");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({
    error: { code: "unknown_url", message: expect.stringContaining(`POST /v1/responses/${action}`) },
  });
  expect(await (await get("resp_1", "POST")).json()).toMatchObject({ error: { code: "method_not_allowed" } });
});
