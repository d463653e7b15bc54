import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../client.ts";

const PROGRAM = readFileSync(join(import.meta.dirname, "../programs/openai-agents.mjs"), "utf8");
const APIS = { responses: "responses", "chat completions": "chat_completions" } as const;

export const OPENAI_AGENTS: readonly Client[] = Object.entries(APIS).map(([variant, api]) => ({
  name: "OpenAI Agents SDK",
  variant,
  packages: ["@openai/agents@0.20.0", "openai@7.57.0", "zod@4.6.7"],
  isLibrary: true,
  settings: ({ url, key }) => ({
    files: {
      "./gateway.mjs": `import { setDefaultOpenAIClient, setOpenAIAPI, setTracingDisabled } from "@openai/agents";
import OpenAI from "openai";

setDefaultOpenAIClient(new OpenAI({ baseURL: "${url}/v1", apiKey: "${key}" }));
setOpenAIAPI("${api}");
setTracingDisabled(true);
`,
    },
  }),
  ask: (text) => ({ command: ["node", "agent.mjs", text], files: { "agent.mjs": PROGRAM } }),
  readCall: (path) => `[[call read_file ${JSON.stringify({ path })}]]`,
  resume: (text) => ({ command: ["node", "agent.mjs", "--continue", text] }),
}));
