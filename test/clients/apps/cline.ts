import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "../client.ts";

export const CLINE: Client = {
  name: "cline",
  variant: "chat completions",
  packages: ["cline@3.0.65"],
  settings: ({ url, key }) => ({
    commands: [["cline", "auth", "-p", "openai", "-k", key, "-m", "gptomni", "-b", `${url}/v1`]],
  }),
  ask: (text) => ({ command: ["cline", text] }),
  readCall: (path) => `[[call read_files ${JSON.stringify({ files: [{ path }] })}]]`,
  // It resumes in its terminal only.
  async resume(text, { home }) {
    const sessions = (await readdir(join(home, ".cline/data/sessions"))).toSorted();
    return {
      command: ["cline", "--id", sessions.at(-1) ?? ""],
      keystrokes: [
        // The tool's call, once the session is there.
        { after: "read_files(", keys: text },
        { after: text.slice(-12), keys: "\r", until: "Thinking" },
      ],
    };
  },
};
