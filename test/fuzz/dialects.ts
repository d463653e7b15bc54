import type { Json } from "./mutations.ts";

export interface FuzzedDialect {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is answered with 200 before it is changed. */
  readonly bodies: readonly Json[];
  /** Whose refusals it gives. */
  readonly errors: "openai" | "anthropic";
}

const PARAMETERS: Json = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const SCHEMA: Json = { name: "place", strict: true, schema: PARAMETERS };
const CALL: Json = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Ulm"}' } };

const CHAT: readonly Json[] = [
  { model: "gptomni", messages: [{ role: "user", content: "Hello!" }], temperature: 0.5, max_tokens: 5, n: 2 },
  {
    model: "gptomni",
    stream: true,
    stream_options: { include_usage: true },
    stop: ["x", "y"],
    messages: [
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      { role: "user", content: "Weather?", name: "bob" },
      { role: "assistant", content: null, tool_calls: [CALL] },
      { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "Rain" }] },
    ],
  },
  {
    model: "gptomni",
    messages: [{ role: "user", content: "Weather?" }],
    tools: [{ type: "function", function: { name: "weather", description: "Tells it.", parameters: PARAMETERS } }],
    tool_choice: "auto",
    parallel_tool_calls: false,
    stream: true,
  },
  {
    model: "gptomni",
    messages: [{ role: "user", content: "Where?" }],
    response_format: { type: "json_schema", json_schema: SCHEMA },
    metadata: { a: "b" },
    logit_bias: { "1": 2 },
    modalities: ["text"],
  },
];

/** What clients send that mix the dialects, and what APIs may send tomorrow. */
const MIXED: readonly Json[] = [
  {
    model: "any",
    input: [
      { role: "system", content: "Be brief." },
      { type: "function_call", call_id: "c1", name: "weather", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: [{ type: "input_text", text: "Rain" }] },
      { role: "user", content: [{ type: "input_text", text: "Weather?" }] },
    ],
    tools: [{ type: "function", name: "weather", parameters: PARAMETERS }, { type: "web_search" }],
    tool_choice: { type: "auto" },
  },
  {
    model: "",
    messages: [
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "u" } },
          { type: "from_tomorrow", text: "x" },
        ],
      },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "weather", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "Rain" }] },
      { role: "critic", content: "Hm." },
    ],
    tools: [{ name: "weather", input_schema: PARAMETERS, strict: true }],
    guided_json: null,
    response_format: { type: "json_object", schema: PARAMETERS },
  },
];

const COMPLETION: readonly Json[] = [
  { model: "gptomni", prompt: "Once upon", echo: true, max_tokens: 5, best_of: 2, stop: "x", temperature: 0 },
  {
    model: "gptomni",
    prompt: ["one", "two"],
    n: 2,
    stream: true,
    stream_options: { include_usage: true },
    user: "bob",
  },
];

const RESPONSE: readonly Json[] = [
  { model: "gptomni", input: "Hello!", instructions: "Be brief.", max_output_tokens: 50, store: false },
  {
    model: "gptomni",
    stream: true,
    input: [
      { type: "message", role: "user", content: [{ type: "input_text", text: "Weather?" }] },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Ulm"}' },
      { type: "function_call_output", call_id: "call_1", output: "Rain" },
    ],
    tools: [{ type: "function", name: "weather", description: "Tells it.", parameters: PARAMETERS, strict: true }],
    tool_choice: "auto",
    reasoning: { effort: "low" },
    include: ["reasoning.encrypted_content"],
    metadata: { a: "b" },
  },
  {
    model: "gptomni",
    input: [{ role: "user", content: "Where?" }],
    text: { format: { type: "json_schema", name: "place", schema: PARAMETERS, strict: true }, verbosity: "low" },
    truncation: "auto",
  },
  {
    model: "gptomni",
    input: [
      {
        type: "additional_tools",
        role: "developer",
        tools: [{ type: "custom", name: "exec", format: { type: "text" } }],
      },
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look." },
          { type: "input_image", image_url: "data:," },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [] },
      { type: "local_shell_call", id: "l", call_id: "c1", action: { type: "exec", command: ["ls"], env: {} } },
      { type: "local_shell_call_output", id: "c1", output: "a" },
      {
        type: "shell_call_output",
        call_id: "c2",
        output: [{ stdout: "a", stderr: "", outcome: { type: "exit", exit_code: 1 } }],
      },
      { type: "code_interpreter_call", code: "1", outputs: [{ type: "logs", logs: "2" }] },
      { type: "file_search_call", results: [{ filename: "a", text: "b" }] },
      { type: "tool_search_output", call_id: "c3", execution: "client", tools: [{ type: "function", name: "found" }] },
      { type: "configuration_update", text: { format: { type: "text" } } },
      { type: "agent_message", author: "/root", content: [{ type: "input_text", text: "Go." }] },
      { type: "item_reference", id: "msg_1" },
      { role: "user", content: "Go on." },
    ],
    tools: [
      { type: "namespace", name: "docs", description: "Docs", tools: [{ type: "function", name: "search" }] },
      { type: "local_shell" },
      { type: "shell", environment: { type: "local" } },
      { type: "computer_use_preview", environment: "linux", display_width: 800, display_height: 600 },
      { type: "tool_search", execution: "client", parameters: PARAMETERS },
      { type: "web_search" },
    ],
    tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "namespace", name: "docs" }] },
  },
];

const MESSAGES: readonly Json[] = [
  {
    model: "gptomni",
    max_tokens: 50,
    messages: [{ role: "user", content: "Hello!" }],
    temperature: 0.5,
    system: "Be brief.",
  },
  {
    model: "gptomni",
    max_tokens: 50,
    stream: true,
    system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
    stop_sequences: ["x"],
    messages: [
      { role: "user", content: [{ type: "text", text: "Weather?" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Ulm" } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "Rain" }] },
    ],
    tools: [{ name: "weather", description: "Tells it.", input_schema: PARAMETERS }],
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
    metadata: { user_id: "bob" },
    thinking: { type: "disabled" },
  },
];

const MESSAGES_OF_AGENTS: readonly Json[] = [
  {
    model: "claude-x",
    max_tokens: 50,
    system: [
      { type: "text", text: "x-anthropic-billing-header: a" },
      { type: "text", text: "Be brief." },
    ],
    output_config: { effort: "low", format: { type: "json_schema", schema: PARAMETERS } },
    tools: [
      { type: "bash_20250124", name: "bash" },
      { type: "computer_toolset_20260801", configs: { zoom: { enabled: false } } },
      { type: "web_search_20250305", name: "web_search" },
    ],
    messages: [
      { role: "user", content: "Hello!" },
      { role: "system", content: [{ type: "tool_addition", tool: { type: "tool_reference", name: "bash" } }] },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "bash", input: { n: 1.5, "2": "x" } }] },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "t1",
            content: [{ type: "image", source: {} }, { type: "tool_reference" }],
          },
          { type: "from_tomorrow", content: [{ text: "x" }] },
        ],
      },
    ],
  },
];

const openai = { headers: {}, errors: "openai" } as const;
const anthropic = { headers: { "anthropic-version": "2023-06-01" }, errors: "anthropic" } as const;

export const DIALECTS: readonly FuzzedDialect[] = [
  { path: "/v1/chat/completions", bodies: [...CHAT, ...MIXED], ...openai },
  { path: "/v1/completions", bodies: COMPLETION, ...openai },
  { path: "/v1/responses", bodies: RESPONSE, ...openai },
  { path: "/v1/messages", bodies: [...MESSAGES, ...MESSAGES_OF_AGENTS], ...anthropic },
];
