import { createOpenAI } from "@ai-sdk/openai";
import { generateText, isStepCount, streamText } from "ai";
import type OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { ASK, eventsOf, open, saysInTurn } from "../../../support/responses-client.ts";
import { KEY, says } from "../../../support/scripted-gateway.ts";

const SEARCH = {
  type: "function",
  name: "search",
  parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
};
const DOCS = { type: "namespace", name: "mcp__docs", tools: [SEARCH] };
const EXEC = { type: "custom", name: "exec", format: { type: "text" } };
const ADDED = { type: "additional_tools", role: "developer", id: "at_1", tools: [EXEC] };
const USER = { role: "user", content: "Go." };

const SHELL_CALL = '<tool_call§ name="shell">{"commands":["ls -l","pwd"]}</tool_call§>';
const LOCAL_CALL = '<tool_call§ name="local_shell">{"command":["ls","-l"]}</tool_call§>';
const PATCH_CALL =
  '<tool_call§ name="apply_patch">{"operation":{"type":"create_file","path":"a","diff":"+x"}}</tool_call§>';

describe("OpenAI's SDK", () => {
  test.each([
    [
      SHELL_CALL,
      { type: "shell", environment: { type: "local" } },
      { type: "shell_call", action: { commands: ["ls -l", "pwd"] } },
    ],
    [LOCAL_CALL, { type: "local_shell" }, { type: "local_shell_call", action: { command: ["ls", "-l"] } }],
    [PATCH_CALL, { type: "apply_patch" }, { type: "apply_patch_call", operation: { path: "a", diff: "+x" } }],
    [
      '<tool_call§ name="tool_search">{"query":"docs"}</tool_call§>',
      { type: "tool_search", execution: "client" },
      { type: "tool_search_call", execution: "client", arguments: { query: "docs" } },
    ],
  ] as const)("puts the call together from its events: %s", async (answer, tool, item) => {
    const { client } = await open(says("I look. ", answer));
    const ask = { ...ASK, tools: [tool] as OpenAI.Responses.Tool[] };
    const streamed = await client.responses.stream(ask).finalResponse();
    const whole = await client.responses.create(ask);
    for (const { output } of [streamed, whole]) {
      expect(output).toMatchObject([
        { type: "message" },
        { ...item, status: "completed", call_id: expect.stringMatching(/^call_/) },
      ]);
    }
  });

  test("takes its own call back with the output, and the model sees both", async () => {
    const { client, turns } = await open(says(LOCAL_CALL));
    const tools = [{ type: "local_shell" as const }];
    const first = await client.responses.create({ ...ASK, tools });
    const [call] = first.output;
    if (call?.type !== "local_shell_call") throw new Error("no call");
    const input: OpenAI.Responses.ResponseInput = [
      { role: "user", content: "Hello!" },
      call,
      { type: "local_shell_call_output", id: call.call_id, output: "a" },
    ];
    await client.responses.create({ ...ASK, tools, input, store: false });
    expect(turns()?.slice(-2)).toEqual([
      {
        role: "assistant",
        text: "",
        toolCalls: [{ id: call.call_id, name: "local_shell", arguments: '{"command":["ls","-l"]}' }],
      },
      { role: "tool", text: "a", toolCallId: call.call_id },
    ]);
  });
});

describe("the AI SDK", () => {
  test.each([
    ["local_shell", LOCAL_CALL, { action: { type: "exec", command: ["ls", "-l"], env: {} } }],
    ["shell", SHELL_CALL, { action: { commands: ["ls -l", "pwd"] } }],
    [
      "apply_patch",
      PATCH_CALL,
      { callId: expect.any(String), operation: { type: "create_file", path: "a", diff: "+x" } },
    ],
  ])("gets a call of its tool %s, in one piece and streamed", async (name, answer, input) => {
    const { url } = await open(says(answer));
    const openai = createOpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
    const tools = {
      local_shell: openai.tools.localShell({}),
      shell: openai.tools.shell({}),
      apply_patch: openai.tools.applyPatch({}),
    };
    const ask = { model: openai("gptomni"), prompt: "Look.", tools, maxRetries: 0 };
    for (const calls of [(await generateText(ask)).toolCalls, await streamText(ask).toolCalls]) {
      expect(calls).toMatchObject([{ toolName: name, input }]);
    }
  });

  test("runs a shell and goes on with what it printed", async () => {
    const { url, turns } = await open(saysInTurn(LOCAL_CALL, "One file."));
    const openai = createOpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
    const local_shell = openai.tools.localShell({ execute: async () => ({ output: "a.txt" }) });
    const ask = {
      model: openai("gptomni"),
      prompt: "Look.",
      tools: { local_shell },
      stopWhen: isStepCount(2),
      maxRetries: 0,
    };
    expect((await generateText(ask)).text).toBe("One file.");
    expect(turns()?.slice(-2)).toMatchObject([
      { role: "assistant", toolCalls: [{ name: "local_shell", arguments: '{"command":["ls","-l"]}' }] },
      { role: "tool", text: "a.txt" },
    ]);
  });
});

describe("a call that the model writes", () => {
  const OTHER = { ...DOCS, name: "mcp__wiki" };
  test.each([
    ['<tool_call§ name="search">{"query":"a"}</tool_call§>', [DOCS], "mcp__docs"],
    ['<tool_call§ name="mcp__wiki.search">{"query":"a"}</tool_call§>', [DOCS, OTHER], "mcp__wiki"],
    ['<tool_call§ name="mcp__docs__search">{"query":"a"}</tool_call§>', [DOCS, OTHER], "mcp__docs"],
    ['<tool_call§ name="search" namespace="mcp__wiki">{"query":"a"}</tool_call§>', [DOCS, OTHER], "mcp__wiki"],
  ])("finds its namespace: %s", async (answer, tools, namespace) => {
    const { client } = await open(says(answer));
    const ask = { ...ASK, tools: tools as OpenAI.Responses.Tool[] };
    const item = { type: "function_call", name: "search", namespace, arguments: '{"query":"a"}' };
    expect((await client.responses.create(ask)).output).toMatchObject([item]);
    expect((await client.responses.stream(ask).finalResponse()).output).toMatchObject([item]);
  });

  test("is given whole whatever it holds, to the last digit", async () => {
    const patch = "*** Begin Patch\n+A tool call block ends with </tool_call> on its own.\n*** End Patch";
    const { respond } = await open(says(`<tool_call§ name="apply_patch">${patch}</tool_call§>`));
    const tools = [{ ...EXEC, name: "apply_patch" }];
    expect(await (await respond({ tools })).json()).toMatchObject({
      output: [{ type: "custom_tool_call", input: patch }],
    });

    const given = '{"id":2512292042121000001,"b":1e400,"10":1,"2":1.0}';
    const numbers = await open(says(`<tool_call§ name="search">${given}</tool_call§>`));
    const plain = { ...SEARCH, parameters: { type: "object" } };
    expect(await (await numbers.respond({ tools: [plain] })).json()).toMatchObject({ output: [{ arguments: given }] });
  });

  test("may be one of several, each of another type", async () => {
    const both = `${LOCAL_CALL}<tool_call§ name="search">{"query":"a"}</tool_call§>`;
    const { client } = await open(says(both));
    const tools = [DOCS, { type: "local_shell" }] as OpenAI.Responses.Tool[];
    const { output } = await client.responses.stream({ ...ASK, tools }).finalResponse();
    expect(output).toMatchObject([{ type: "local_shell_call" }, { type: "function_call", namespace: "mcp__docs" }]);
  });

  test("is asked for again where it does not fit into the form of its tool", async () => {
    const wrong = '<tool_call§ name="local_shell">{"command":"ls -l"}</tool_call§>';
    const { respond, asked } = await open(saysInTurn(wrong, LOCAL_CALL));
    const response = await respond({ tools: [{ type: "local_shell" }] });
    expect(await response.json()).toMatchObject({
      output: [{ type: "local_shell_call", action: { command: ["ls", "-l"] } }],
    });
    expect(asked).toHaveLength(2);
  });
});

test("an agent whose tools come as an item gets the events of a custom tool's call", async () => {
  const { respond } = await open(says('<tool_call§ name="exec">ls</tool_call§>'));
  const response = await respond({ input: [ADDED, USER], stream: true });
  const events = eventsOf(await response.text());
  expect(events.map(({ type }) => type).slice(2, -1)).toEqual([
    "response.output_item.added",
    "response.custom_tool_call_input.delta",
    "response.custom_tool_call_input.done",
    "response.output_item.done",
  ]);
  expect(events.at(-2)).toMatchObject({ item: { type: "custom_tool_call", name: "exec", input: "ls" } });
});
