import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client, Place } from "../client.ts";

const MCP_SERVER = readFileSync(join(import.meta.dirname, "../programs/mcp-server.mjs"), "utf8");
const MCP_OPTIONS = ["--mcp-config", "mcp.json", "--allowedTools", "mcp__notes__read_note"];

function access({ url, key }: Place): Readonly<Record<string, string>> {
  return { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: key };
}

const OWN_MODEL: Client = {
  name: "Claude Code",
  variant: "messages, a model name of its own",
  packages: ["@anthropic-ai/claude-code@2.1.332", "@modelcontextprotocol/sdk@1.32.2"],
  settings: (place) => ({ environment: access(place) }),
  quiet: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
  ask: (text) => ({ command: ["claude", "-p", text] }),
  readCall: (path) => `[[call Read ${JSON.stringify({ file_path: path })}]]`,
  resume: (text) => ({ command: ["claude", "-p", "--continue", text] }),
};

/** The variables of a model are of no need. They keep it from features that it turns on by its own models' names. */
const NAMED_MODEL: Client = {
  ...OWN_MODEL,
  variant: "messages",
  settings: (place) => ({
    environment: { ...access(place), ANTHROPIC_MODEL: "gptomni", ANTHROPIC_DEFAULT_HAIKU_MODEL: "gptomni" },
  }),
};

const MCP: Client = {
  ...OWN_MODEL,
  variant: "messages, a tool of an MCP server",
  isLibrary: true,
  settings: (place) => ({
    environment: access(place),
    files: {
      "./mcp.json": `{
  "mcpServers": { "notes": { "command": "node", "args": ["mcp-server.mjs"] } }
}
`,
    },
  }),
  ask: (text) => ({ command: ["claude", ...MCP_OPTIONS, "-p", text], files: { "mcp-server.mjs": MCP_SERVER } }),
  // It shows the model an MCP server's tools only once they were looked for.
  readCall: (path) =>
    `[[call ToolSearch {"query":"select:mcp__notes__read_note","max_results":1}]] [[call mcp__notes__read_note ${JSON.stringify({ path })}]]`,
  resume: (text) => ({ command: ["claude", ...MCP_OPTIONS, "-p", "--continue", text] }),
};

export const CLAUDE_CODE: readonly Client[] = [NAMED_MODEL, OWN_MODEL, MCP];
