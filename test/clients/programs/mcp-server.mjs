// An MCP server over stdio with one tool, which reads a file.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { readFile } from "node:fs/promises";
import { z } from "zod";

const server = new McpServer({ name: "notes", version: "1.0.0" });
server.registerTool(
  "read_note",
  {
    description: "Reads a note.",
    inputSchema: { path: z.string().describe("the note's absolute path") },
    annotations: { readOnlyHint: true },
  },
  async ({ path }) => ({ content: [{ type: "text", text: await readFile(path, "utf8") }] }),
);
await server.connect(new StdioServerTransport());
