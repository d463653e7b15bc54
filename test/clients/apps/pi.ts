import type { Client } from "../client.ts";

const APIS = {
  "chat completions": "openai-completions",
  responses: "openai-responses",
  messages: "anthropic-messages",
} as const;

export const PI: readonly Client[] = Object.entries(APIS).map(([variant, api]) => ({
  name: "pi",
  variant,
  packages: ["@mariozechner/pi-coding-agent@0.73.1"],
  settings: ({ url, key }) => ({
    files: {
      "~/.pi/agent/models.json": `{
  "providers": {
    "gateway": {
      "baseUrl": "${url}/v1",
      "apiKey": "${key}",
      "api": "${api}",
      "models": [{ "id": "gptomni" }]
    }
  }
}
`,
    },
  }),
  quiet: { PI_OFFLINE: "1" },
  ask: (text) => ({ command: ["pi", "-p", "--model", "gateway/gptomni", text] }),
  readCall: (file) => `[[call read ${JSON.stringify({ path: file })}]]`,
  resume: (text) => ({ command: ["pi", "-p", "--continue", "--model", "gateway/gptomni", text] }),
}));
