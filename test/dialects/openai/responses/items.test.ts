import { describe, expect, test } from "vitest";
import { history } from "../../../support/responses-client.ts";

const IMAGE = { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" };
const NOTE = "[an image, which this model cannot see]";

describe("a call of a tool that the caller runs is told with its result, whatever its type", () => {
  test.each([
    [
      {
        type: "local_shell_call",
        call_id: "c1",
        status: "completed",
        action: { type: "exec", command: ["ls"], env: {} },
      },
      { type: "local_shell_call_output", id: "c1", output: '{"stdout":"a"}' },
      { name: "local_shell", arguments: '{"command":["ls"]}' },
      '{"stdout":"a"}',
    ],
    [
      { type: "local_shell_call", id: "lsh_1", action: { type: "exec", command: ["ls"], timeout_ms: 5, user: null } },
      { type: "local_shell_call_output", call_id: "lsh_1", output: "a" },
      { name: "local_shell", arguments: '{"command":["ls"],"timeout_ms":5}' },
      "a",
    ],
    [
      { type: "shell_call", call_id: "c1", action: { commands: ["ls", "false"], timeout_ms: null } },
      {
        type: "shell_call_output",
        call_id: "c1",
        output: [
          { stdout: "a", stderr: "", outcome: { type: "exit", exit_code: 0 } },
          { stdout: "", stderr: "no", outcome: { type: "timeout" } },
        ],
      },
      { name: "shell", arguments: '{"commands":["ls","false"]}' },
      "a\n[exit code 0]\nstderr:\nno\n[timed out]",
    ],
    [
      { type: "apply_patch_call", call_id: "c1", operation: { type: "create_file", path: "a", diff: "+x" } },
      { type: "apply_patch_call_output", call_id: "c1", status: "completed", output: "ok" },
      { name: "apply_patch", arguments: '{"operation":{"type":"create_file","path":"a","diff":"+x"}}' },
      "ok",
    ],
    [
      { type: "apply_patch_call", call_id: "c1", operation: { type: "delete_file", path: "a" } },
      { type: "apply_patch_call_output", call_id: "c1", status: "failed" },
      { name: "apply_patch", arguments: '{"operation":{"type":"delete_file","path":"a"}}' },
      "failed",
    ],
    [
      { type: "computer_call", call_id: "c1", action: { type: "wait" }, pending_safety_checks: [] },
      { type: "computer_call_output", call_id: "c1", output: { type: "computer_screenshot", image_url: "data:," } },
      { name: "computer", arguments: '{"action":{"type":"wait"}}' },
      NOTE,
    ],
    [
      { type: "tool_search_call", call_id: "c1", execution: "client", arguments: { query: "x" } },
      { type: "tool_search_output", call_id: "c1", execution: "client", tools: [] },
      { name: "tool_search", arguments: '{"query":"x"}' },
      "No tools were found.",
    ],
    [
      { type: "tool_search_call", call_id: "c1", arguments: { query: "x" } },
      {
        type: "tool_search_output",
        call_id: "c1",
        tools: [
          { type: "namespace", name: "docs", tools: [{ type: "function", name: "search" }] },
          { type: "function", name: "rain" },
        ],
      },
      { name: "tool_search", arguments: '{"query":"x"}' },
      "Tools that can be called now: docs.search, rain.",
    ],
    [
      { type: "function_call", call_id: "c1", name: "spawn", namespace: "collaboration", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: [{ type: "input_text", text: "see:" }, IMAGE] },
      { name: "spawn", namespace: "collaboration", arguments: "{}" },
      `see:\n${NOTE}`,
    ],
    [
      { type: "custom_tool_call", call_id: "c1", name: "exec", namespace: "functions", input: "ls" },
      {
        type: "custom_tool_call_output",
        call_id: "c1",
        output: [{ type: "input_file" }, { type: "input_text", text: "b" }],
      },
      { name: "exec", namespace: "functions", arguments: "ls" },
      "[a file, which this model cannot read]\nb",
    ],
    [
      { type: "browser_call", call_id: "c1", action: { url: "a" }, status: "completed" },
      { type: "browser_call_output", call_id: "c1", output: { type: "page", text: "hello" } },
      { name: "browser", arguments: '{"url":"a"}' },
      "hello",
    ],
  ])("%j", (call, output, told, result) => {
    const { messages, leftOut } = history(call, output);
    expect(messages).toEqual([
      { role: "assistant", text: "", toolCalls: [{ id: expect.any(String), ...told }] },
      { role: "tool", text: result, toolCallId: messages[0]?.toolCalls?.[0]?.id },
    ]);
    const attached = JSON.stringify(output).match(/input_image|input_file|computer_screenshot/g) ?? [];
    expect(leftOut).toEqual(attached.map((type) => `input.content.${type}`));
  });

  test("to the last digit, in its own order", () => {
    const given = '{"b": 1e400, "id": 2512292042121000001, "10": 1, "2": 1.0}';
    const { messages } = history({ type: "function_call", call_id: "c1", name: "put", arguments: given });
    expect(messages[0]?.toolCalls?.[0]?.arguments).toBe(given);
  });
});

describe("what the provider did by itself", () => {
  test.each([
    [{ type: "mcp_call", id: "m", server_label: "s", name: "n", arguments: "{}", output: "x" }, "n", "x"],
    [{ type: "mcp_call", id: "m", name: "n", arguments: "{}", error: { message: "broken" } }, "n", "broken"],
    [
      {
        type: "code_interpreter_call",
        code: "1+1",
        outputs: [
          { type: "logs", logs: "2" },
          { type: "image", url: "u" },
        ],
      },
      "code_interpreter",
      `1+1\n2\n${NOTE}`,
    ],
    [{ type: "code_interpreter_call", code: "1", container_id: "c", outputs: null }, "code_interpreter", "1"],
    [
      { type: "file_search_call", queries: ["q"], results: [{ filename: "a.md", text: "found", score: 1 }] },
      "file_search",
      "a.md\nfound",
    ],
    [{ type: "image_generation_call", status: "completed", result: "iVBORw0KGgo=" }, "image_generation", NOTE],
    [{ type: "program_output", call_id: "p", result: "4", status: "completed" }, "program_output", "4"],
    [{ type: "compaction", encrypted_content: "abc", summary: "We spoke." }, "compaction", "We spoke."],
  ])("is told where it is text: %j", (item, name, text) => {
    expect(history(item)).toEqual({ messages: [{ role: "tool", name, text }], leftOut: [] });
  });

  test.each([
    { type: "web_search_call", id: "ws_1", action: { type: "search", query: "x" } },
    { type: "image_generation_call", id: "ig_1", status: "completed", result: "" },
    { type: "compaction", encrypted_content: "abc" },
    { type: "context_compaction", encrypted_content: "abc" },
    { type: "compaction_trigger" },
    { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "secret" }] },
    { type: "mcp_list_tools", server_label: "s", tools: [{ name: "n" }] },
    { type: "mcp_approval_request", server_label: "s", name: "n", arguments: "{}" },
    { type: "mcp_approval_response", approval_request_id: "a", approve: true },
    { type: "tool_search_call", execution: "server", call_id: null, arguments: { query: "x" } },
    { type: "item_reference", id: "msg_gone" },
    { type: "hologram", data: "abc" },
  ])("is left out and named where nothing can be read: %j", (item) => {
    expect(history(item)).toEqual({ messages: [], leftOut: [`input.${item.type}`] });
  });
});

describe("what nobody knows yet", () => {
  test.each([
    [
      {
        type: "agent_message",
        author: "/root",
        recipient: "/root/child",
        content: [{ type: "input_text", text: "Go." }],
      },
      { role: "user", name: "/root", text: "Go." },
    ],
    [
      { type: "note", text: "hi" },
      { role: "user", name: "note", text: "hi" },
    ],
    [
      { type: "steering", role: "developer", content: "Be brief." },
      { role: "system", text: "Be brief." },
    ],
    [
      { role: "critic", content: "Hm." },
      { role: "user", name: "critic", text: "Hm." },
    ],
    [
      { role: "tool", content: [{ type: "output_text", text: "4" }] },
      { role: "user", name: "tool", text: "4" },
    ],
    [
      { role: "user", content: ["a", { text: "b" }] },
      { role: "user", text: "ab" },
    ],
    [
      { role: "assistant", content: [{ type: "output_audio", transcript: "c" }] },
      { role: "assistant", text: "c" },
    ],
    [
      { role: "assistant", content: null },
      { role: "assistant", text: "" },
    ],
  ])("is told as the text that it holds: %j", (item, message) => {
    expect(history(item)).toEqual({ messages: [message], leftOut: [] });
  });

  test("is left out of a message part by part, and named", () => {
    const content = [
      { type: "input_text", text: "hello" },
      { type: "encrypted_content", encrypted_content: "abc" },
    ];
    expect(history({ role: "user", content })).toEqual({
      messages: [{ role: "user", text: "hello" }],
      leftOut: ["input.content.encrypted_content"],
    });
    expect(history({ role: "user", content: content.slice(1) }).messages).toEqual([]);
    const output = { type: "function_call_output", call_id: "c1", output: content };
    expect(history(output)).toMatchObject({
      messages: [{ text: "hello" }],
      leftOut: ["input.content.encrypted_content"],
    });
  });
});
