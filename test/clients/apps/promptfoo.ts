import type { Client, Invocation } from "../client.ts";

const PROVIDERS = { "chat completions": "openai:chat:gptomni", responses: "openai:responses:gptomni" } as const;

/** A conversation, as its documentation makes one. */
const PROMPT = `[
  {% for turn in _conversation %}
  { "role": "user", "content": {{ turn.input | dump }} },
  { "role": "assistant", "content": {{ turn.output | dump }} },
  {% endfor %}
  { "role": "user", "content": {{ question | dump }} }
]
`;
const CALLBACKS = `import { readFile } from "node:fs/promises";

export async function readNote(input) {
  const { path } = typeof input === "string" ? JSON.parse(input) : input;
  return readFile(path, "utf8");
}
`;
const PARAMETERS = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };

function evaluation(questions: readonly string[], variant: string): Invocation {
  const declared = { name: "read_file", description: "Reads a file.", parameters: PARAMETERS };
  const tool = variant === "responses" ? { type: "function", ...declared } : { type: "function", function: declared };
  const config = { tools: [tool], functionToolCallbacks: { read_file: "file://callbacks.mjs:readNote" } };
  const suite = {
    providers: ["file://gateway.yaml"],
    prompts: [{ id: "file://prompt.json", label: "conversation", config }],
    tests: questions.map((question) => ({ vars: { question } })),
  };
  return {
    command: [
      "promptfoo",
      "eval",
      "--no-cache",
      "--no-progress-bar",
      "--output",
      "results.json",
      "--max-concurrency",
      "1",
    ],
    files: {
      "callbacks.mjs": CALLBACKS,
      "prompt.json": PROMPT,
      "promptfooconfig.yaml": JSON.stringify(suite, undefined, 2),
    },
  };
}

export const PROMPTFOO: readonly Client[] = Object.entries(PROVIDERS).map(([variant, id]) => ({
  name: "promptfoo",
  variant,
  packages: ["promptfoo@0.123.1"],
  settings: ({ url, key }) => ({
    files: {
      "./gateway.yaml": `id: ${id}
config:
  apiBaseUrl: ${url}/v1
  apiKey: ${key}
`,
    },
  }),
  quiet: {
    PROMPTFOO_DISABLE_TELEMETRY: "1",
    PROMPTFOO_DISABLE_UPDATE: "1",
    PROMPTFOO_DISABLE_REMOTE_GENERATION: "1",
  },
  keepsResults: true,
  ask: (text) => evaluation([text], variant),
  readCall: (path) => `[[call read_file ${JSON.stringify({ path })}]]`,
  resume: (text, _place, earlier) => evaluation([earlier, text], variant),
}));
