import type { Client } from "../client.ts";

const PROVIDERS = {
  "chat completions": "@ai-sdk/openai-compatible",
  responses: "@ai-sdk/openai",
  messages: "@ai-sdk/anthropic",
} as const;

export const OPENCODE: readonly Client[] = Object.entries(PROVIDERS).map(([variant, npm]) => ({
  name: "opencode",
  variant,
  packages: ["opencode-ai@1.18.33"],
  settings: ({ url, key }) => ({
    files: {
      "./opencode.json": `{
  "$schema": "https://opencode.ai/config.json",
  "model": "gateway/gptomni",
  "provider": {
    "gateway": {
      "npm": "${npm}",
      "options": { "baseURL": "${url}/v1", "apiKey": "${key}" },
      "models": { "gptomni": {} }
    }
  }
}
`,
    },
  }),
  quiet: { OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_MODELS_FETCH: "1" },
  // On the command line it would put the text in quotes, and escape those within.
  ask: (text) => ({ command: ["opencode", "run"], stdin: text }),
  readCall: (path) => `[[call read ${JSON.stringify({ filePath: path })}]]`,
  resume: (text) => ({ command: ["opencode", "run", "--continue"], stdin: text }),
}));
