import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client, Place } from "../client.ts";

const PROGRAM = readFileSync(join(import.meta.dirname, "../programs/langgraph.mjs"), "utf8");

function openai({ url, key }: Place, useResponsesApi: boolean): string {
  return `import { ChatOpenAI } from "@langchain/openai";

export const model = new ChatOpenAI({
  model: "gptomni",
  apiKey: "${key}",
  useResponsesApi: ${useResponsesApi},
  configuration: { baseURL: "${url}/v1" },
});
`;
}

function anthropic({ url, key }: Place): string {
  return `import { ChatAnthropic } from "@langchain/anthropic";

export const model = new ChatAnthropic({
  model: "gptomni",
  apiKey: "${key}",
  anthropicApiUrl: "${url}",
});
`;
}

const MODELS: Readonly<Record<string, (place: Place) => string>> = {
  "chat completions": (place) => openai(place, false),
  responses: (place) => openai(place, true),
  messages: anthropic,
};

export const LANGGRAPH: readonly Client[] = Object.entries(MODELS).map(([variant, model]) => ({
  name: "LangGraph",
  variant,
  packages: [
    "@langchain/langgraph@1.7.3",
    "@langchain/openai@1.6.0",
    "@langchain/anthropic@1.5.11",
    "@langchain/core@1.4.0",
    "zod@4.6.7",
  ],
  isLibrary: true,
  settings: (place) => ({ files: { "./gateway.mjs": model(place) } }),
  quiet: { LANGCHAIN_TRACING_V2: "false" },
  ask: (text) => ({ command: ["node", "agent.mjs", text], files: { "agent.mjs": PROGRAM } }),
  readCall: (path) => `[[call read_file ${JSON.stringify({ path })}]]`,
  resume: (text) => ({ command: ["node", "agent.mjs", "--continue", text] }),
}));
