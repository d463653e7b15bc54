import type { Client } from "../client.ts";

const PROVIDERS = { "chat completions": "openai", messages: "anthropic" } as const;

export const CONTINUE: readonly Client[] = Object.entries(PROVIDERS).map(([variant, provider]) => ({
  name: "Continue CLI",
  variant,
  packages: ["@continuedev/cli@1.5.47"],
  settings: ({ url, key }) => ({
    files: {
      "~/.continue/config.yaml": `name: gateway
version: 1.0.0
schema: v1
models:
  - name: gptomni
    provider: ${provider}
    model: gptomni
    apiBase: ${url}/v1
    apiKey: ${key}
    roles: [chat, edit, apply]
    capabilities: [tool_use]
`,
    },
  }),
  quiet: { CONTINUE_TELEMETRY_ENABLED: "0" },
  ask: (text) => ({ command: ["cn", "-p", "--auto", text] }),
  readCall: (file) => `[[call Read ${JSON.stringify({ filepath: file })}]]`,
  resume: (text) => ({ command: ["cn", "-p", "--auto", "--resume", text] }),
}));
