import { describe, expect, test } from "vitest";
import type { ToolCallPart } from "../../../../src/turn/ask.ts";
import { toWireCall } from "../../../../src/dialects/openai/responses/call-form.ts";
import { parse } from "../../../support/responses-client.ts";

const SEARCH = {
  type: "function",
  name: "search",
  parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
};
const DOCS = { type: "namespace", name: "mcp__docs", tools: [SEARCH] };
const EXEC = { type: "custom", name: "exec", format: { type: "text" } };
const FUNCTIONS = { type: "namespace", name: "functions", tools: [EXEC] };
const ADDED = { type: "additional_tools", role: "developer", id: "at_1", tools: [FUNCTIONS] };
const USER = { role: "user", content: "Go." };

/** The item that a call of a declared tool becomes. */
function itemOf(changes: object, call: Partial<ToolCallPart>) {
  const part = { type: "tool-call", id: "call_1", kind: "function", name: "search", arguments: "{}", ...call } as const;
  return toWireCall(part, parse(changes).declaredTools.formOf(part)).done;
}

describe("a call comes back in the form that its tool has", () => {
  const base = { id: expect.any(String), call_id: "call_1", status: "completed" };
  test.each([
    [
      "in its namespace",
      { tools: [DOCS] },
      { namespace: "mcp__docs" },
      { type: "function_call", name: "search", namespace: "mcp__docs", arguments: "{}" },
    ],
    [
      "of a custom tool in its namespace",
      { input: [ADDED, USER] },
      { kind: "custom", name: "exec", namespace: "functions", arguments: "ls </tool_call> -l" },
      { type: "custom_tool_call", name: "exec", namespace: "functions", input: "ls </tool_call> -l" },
    ],
    [
      "of a shell",
      { tools: [{ type: "local_shell" }] },
      { name: "local_shell", arguments: '{"command":["ls"],"timeout_ms":5,"user":null}' },
      { type: "local_shell_call", action: { type: "exec", command: ["ls"], env: {}, timeout_ms: 5 } },
    ],
    [
      "of a shell of several commands",
      { tools: [{ type: "shell" }] },
      { name: "shell", arguments: '{"commands":["ls","pwd"]}' },
      {
        type: "shell_call",
        action: { commands: ["ls", "pwd"], timeout_ms: null, max_output_length: null },
        environment: { type: "local" },
      },
    ],
    [
      "of an editor",
      { tools: [{ type: "apply_patch" }] },
      { name: "apply_patch", arguments: '{"operation":{"type":"update_file","path":"a","diff":"@@\\n-x\\n+y"}}' },
      { type: "apply_patch_call", operation: { type: "update_file", path: "a", diff: "@@\n-x\n+y" } },
    ],
    [
      "of a screen",
      { tools: [{ type: "computer" }] },
      { name: "computer", arguments: '{"actions":[{"type":"screenshot"}]}' },
      { type: "computer_call", actions: [{ type: "screenshot" }], pending_safety_checks: [] },
    ],
    [
      "of an older screen",
      { tools: [{ type: "computer_use_preview" }] },
      { name: "computer", arguments: '{"action":{"type":"wait"}}' },
      { type: "computer_call", action: { type: "wait" }, pending_safety_checks: [] },
    ],
    [
      "of a search",
      { tools: [{ type: "tool_search", execution: "client" }] },
      { name: "tool_search", arguments: '{"query":"x"}' },
      { type: "tool_search_call", execution: "client", arguments: { query: "x" } },
    ],
    [
      "of a type of next year",
      { tools: [{ ...SEARCH, type: "recall" }] },
      {},
      { type: "function_call", name: "search", arguments: "{}" },
    ],
    [
      "though its arguments do not fit into it",
      { tools: [{ type: "local_shell" }] },
      { name: "local_shell", arguments: '{"command":"ls"}' },
      { type: "function_call", name: "local_shell", arguments: '{"command":"ls"}' },
    ],
  ])("%s", (_what, changes, call, item) => {
    expect(itemOf(changes, call as Partial<ToolCallPart>)).toEqual({ ...base, ...item });
  });

  test("to the last digit, where its arguments are no text", () => {
    const given = '{"id":2512292042121000001,"b":1e400,"c":1.0,"d":"1.0"}';
    const call = { name: "tool_search", arguments: given };
    const item = itemOf({ tools: [{ type: "tool_search", execution: "client" }] }, call);
    expect(JSON.stringify(item["arguments"])).toBe(given);
  });

  test("a custom tool of the same name as an editor stays a custom tool", () => {
    const apply = { ...EXEC, name: "apply_patch" };
    expect(
      itemOf({ tools: [apply] }, { kind: "custom", name: "apply_patch", arguments: "*** Begin Patch" }),
    ).toMatchObject({
      type: "custom_tool_call",
      input: "*** Begin Patch",
    });
  });
});
