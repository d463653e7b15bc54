/** A route as the API's description tells it. */
export interface Operation {
  readonly tag: "OpenAI" | "Anthropic" | "Gateway";
  readonly summary: string;
  /** Whose key it takes, where that is not a caller's. */
  readonly opensTo?: "everybody" | "operators";
  /** The schema of its body; a route without one takes no body. */
  readonly request?: string;
  readonly example?: Readonly<Record<string, unknown>>;
  /** The schema of its answer; none where the answer is not JSON of ours. */
  readonly answer?: string;
  /** The schema of its events when `stream` is true, and the line that ends them. */
  readonly event?: string;
  /** Another type than JSON. */
  readonly answerType?: "text/html" | "text/plain";
  /** The schema of its failures; OpenAI's where there is none. */
  readonly failure?: string;
}

const HELLO = { role: "user", content: "Hello! Who are you?" };

/** Every route that is served. */
export const OPERATIONS: Readonly<Record<`${"GET" | "POST" | "DELETE"} /${string}`, Operation>> = {
  "POST /v1/chat/completions": {
    tag: "OpenAI",
    summary: "Answer a conversation",
    request: "ChatCompletionRequest",
    example: { model: "gptomni", messages: [HELLO], stream: true },
    answer: "ChatCompletion",
    event: "ChatCompletionChunk",
  },
  "POST /v1/completions": {
    tag: "OpenAI",
    summary: "Answer prompts, in the older form",
    request: "CompletionRequest",
    example: { model: "gptomni", prompt: "Once upon a time", stream: true },
    answer: "Completion",
    event: "Completion",
  },
  "POST /v1/responses": {
    tag: "OpenAI",
    summary: "Answer, and remember the conversation",
    request: "ResponseRequest",
    example: { model: "gptomni", input: "Hello! Who are you?", stream: true },
    answer: "Response",
    event: "ResponseEvent",
  },
  "GET /v1/responses/{id}": { tag: "OpenAI", summary: "Find a remembered response", answer: "Response" },
  "DELETE /v1/responses/{id}": { tag: "OpenAI", summary: "Forget a response", answer: "ResponseDeletion" },
  "GET /v1/responses/{id}/input_items": {
    tag: "OpenAI",
    summary: "List what a response was asked with",
    answer: "ResponseItemPage",
  },
  "POST /v1/messages": {
    tag: "Anthropic",
    summary: "Answer a conversation, in Anthropic's form",
    request: "MessageRequest",
    example: { model: "gptomni", max_tokens: 1024, messages: [HELLO], stream: true },
    answer: "Message",
    event: "MessageEvent",
    failure: "AnthropicError",
  },
  "POST /v1/messages/count_tokens": {
    tag: "Anthropic",
    summary: "Count what a conversation would send",
    request: "MessageCountRequest",
    example: { model: "gptomni", messages: [HELLO] },
    answer: "MessageTokenCount",
    failure: "AnthropicError",
  },
  "GET /v1/models": { tag: "OpenAI", summary: "List the models", answer: "ModelList" },
  "GET /v1/models/{id}": { tag: "OpenAI", summary: "Find a model", answer: "Model" },
  "GET /livez": {
    tag: "Gateway",
    summary: "Tell whether the process is of use",
    opensTo: "everybody",
    answer: "Status",
  },
  "GET /healthz": { tag: "Gateway", summary: "The same, by an older name", opensTo: "everybody", answer: "Status" },
  "GET /readyz": {
    tag: "Gateway",
    summary: "Tell whether questions can be answered",
    opensTo: "everybody",
    answer: "Status",
  },
  "GET /metrics": { tag: "Gateway", summary: "Measure for Prometheus", opensTo: "operators", answerType: "text/plain" },
  "GET /admin/api/accounts": {
    tag: "Gateway",
    summary: "Tell each account's state, and why",
    opensTo: "operators",
    answer: "AccountList",
  },
  "GET /openapi.json": { tag: "Gateway", summary: "This description", opensTo: "everybody" },
  "GET /docs": {
    tag: "Gateway",
    summary: "This description to read and to try",
    opensTo: "everybody",
    answerType: "text/html",
  },
  "GET /": { tag: "Gateway", summary: "Name what is served", opensTo: "everybody", answer: "Welcome" },
};
