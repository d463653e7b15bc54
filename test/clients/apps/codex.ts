import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client, Place } from "../client.ts";

const MCP_SERVER = readFileSync(join(import.meta.dirname, "../programs/mcp-server.mjs"), "utf8");

function config({ url }: Place, model: string): string {
  return `model = "${model}"
model_provider = "gateway"

[model_providers.gateway]
name = "gateway"
base_url = "${url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
`;
}

function codex(variant: string, model: string): Client {
  return {
    name: "Codex",
    variant,
    packages: ["@openai/codex@0.171.0", "@modelcontextprotocol/sdk@1.32.2"],
    settings: (place) => ({
      files: { "~/.codex/config.toml": config(place, model) },
      environment: { GATEWAY_KEY: place.key },
    }),
    ask: (text) => ({ command: ["codex", "exec", text] }),
    readCall: (path) => `[[call exec_command ${JSON.stringify({ cmd: `cat ${path}` })}]]`,
    resume: (text) => ({ command: ["codex", "exec", "resume", "--last", text] }),
  };
}

/** The same with a tool of an MCP server in place of the shell. */
function withMcp(client: Client, model: string): Client {
  return {
    ...client,
    isLibrary: true,
    settings: (place) => ({
      ...client.settings(place),
      files: {
        "~/.codex/config.toml": `${config(place, model)}
[mcp_servers.notes]
required = true
command = "node"
args = ["mcp-server.mjs"]
`,
      },
    }),
    ask: (text, place) => ({ ...client.ask(text, place), files: { "mcp-server.mjs": MCP_SERVER } }),
    readCall: (path) => `[[call read_note ${JSON.stringify({ path })}]]`,
  };
}

/** With its newest models it has one tool, which runs JavaScript that calls the others. */
function readByCode(path: string): string {
  return `[[call exec text(JSON.stringify(await tools.exec_command(${JSON.stringify({ cmd: `cat ${path}` })})))]]`;
}

/** It chooses tools and their form by a model's name, so that each asks for different things. */
export const CODEX: readonly Client[] = [
  codex("responses", "gptomni"),
  withMcp(codex("responses, a tool of an MCP server", "gptomni"), "gptomni"),
  codex("responses, as gpt-5.5", "gpt-5.5"),
  { ...codex("responses, as gpt-5.6-luna", "gpt-5.6-luna"), readCall: readByCode },
];
