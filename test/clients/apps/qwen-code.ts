import type { Client } from "../client.ts";

export const QWEN_CODE: Client = {
  name: "Qwen Code",
  variant: "chat completions",
  packages: ["@qwen-code/qwen-code@0.24.4"],
  settings: ({ url, key }) => ({
    environment: { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: "gptomni" },
  }),
  ask: (text) => ({ command: ["qwen", "--auth-type", "openai", "-p", text] }),
  readCall: (path) => `[[call read_file ${JSON.stringify({ file_path: path })}]]`,
  resume: (text) => ({ command: ["qwen", "--auth-type", "openai", "--continue", "-p", text] }),
};
