/** Where a header may stand: on every answer, on the answer of a model, on an error. */
export type Occasion = "always" | "model" | "error";

interface HeaderRow {
  readonly type: "string" | "integer";
  readonly meaning: string;
  readonly on: readonly Occasion[];
}

/** Headers that callers may read. Web pages of other origins may read them too. */
export const RESPONSE_HEADERS: Readonly<Record<string, HeaderRow>> = {
  "x-request-id": { type: "string", meaning: "Names the request in the gateway's log.", on: ["always"] },
  "retry-after": { type: "integer", meaning: "When to ask again, in seconds.", on: ["error"] },
  "retry-after-ms": { type: "integer", meaning: "When to ask again, in milliseconds.", on: ["error"] },
  "x-should-retry": {
    type: "string",
    meaning: "Whether asking again can help: `true` or `false`.",
    on: ["error"],
  },
  "openai-processing-ms": {
    type: "integer",
    meaning: "How long it took until the answer began, in milliseconds.",
    on: ["always"],
  },
  "openai-version": { type: "string", meaning: "The version of OpenAI's API that is served.", on: ["always"] },
  "x-gateway-model": {
    type: "string",
    meaning: "The model that answered, whatever name was asked for.",
    on: ["model"],
  },
  "x-gateway-account": { type: "string", meaning: "The account that answered.", on: ["model"] },
  "x-gateway-replica": { type: "string", meaning: "In a cluster: the replica whose account answered.", on: ["model"] },
  "x-gateway-attempts": { type: "integer", meaning: "How many times the site was asked.", on: ["model"] },
  "x-gateway-queued-ms": {
    type: "integer",
    meaning: "How long the request waited for an account, in milliseconds.",
    on: ["model"],
  },
  "x-gateway-queue-position": {
    type: "integer",
    meaning: "The request's position in the queue, if its stream opened while it waited.",
    on: ["model"],
  },
  "x-gateway-estimated-wait-ms": {
    type: "integer",
    meaning: "How long the request will still wait, or would have waited, in milliseconds. An estimate.",
    on: ["model", "error"],
  },
  "x-gateway-local": {
    type: "string",
    meaning: "`true` if the gateway answered a background task of a chat UI itself and did not ask the site.",
    on: ["model"],
  },
  "x-gateway-context-cut": {
    type: "string",
    meaning: "What was left out of a conversation that is longer than the site takes.",
    on: ["model"],
  },
  "x-ignored-params": { type: "string", meaning: "Parameters of the request that have no effect.", on: ["model"] },
  "x-emulated-params": { type: "string", meaning: "Parameters that the gateway imitates.", on: ["model"] },
  "x-unchecked-params": {
    type: "string",
    meaning: "Parameters whose schema cannot be checked. The answer may not match it.",
    on: ["model"],
  },
  ...limitRows("requests"),
  ...limitRows("tokens"),
};

/** What a key with limits may still use, as OpenAI's clients read it, and Anthropic's. */
function limitRows(kind: "requests" | "tokens"): Readonly<Record<string, HeaderRow>> {
  const row = (type: HeaderRow["type"], meaning: string): HeaderRow => ({ type, meaning, on: ["model", "error"] });
  return {
    [`x-ratelimit-limit-${kind}`]: row("integer", `How many ${kind} the caller's key may use in a minute or a day.`),
    [`x-ratelimit-remaining-${kind}`]: row("integer", `How many of these ${kind} are left.`),
    [`x-ratelimit-reset-${kind}`]: row("string", `How long until all ${kind} may be used again, e.g. \`6m0s\`.`),
    [`anthropic-ratelimit-${kind}-limit`]: row("integer", `In Messages, as \`x-ratelimit-limit-${kind}\`.`),
    [`anthropic-ratelimit-${kind}-remaining`]: row("integer", `In Messages, as \`x-ratelimit-remaining-${kind}\`.`),
    [`anthropic-ratelimit-${kind}-reset`]: row("string", `In Messages: when all ${kind} may be used again.`),
  };
}
