// An agent with one tool. `node agent.mjs [--continue] QUESTION`; Ctrl-C aborts the run.
import { Agent, run, tool } from "@openai/agents";
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";

await import("./gateway.mjs");

const readTool = tool({
  name: "read_file",
  description: "Reads a file.",
  parameters: z.object({ path: z.string() }),
  execute: ({ path }) => readFile(path, "utf8"),
});
const agent = new Agent({ name: "Reader", instructions: "Help with files.", model: "gptomni", tools: [readTool] });

const STATE = "conversation.json";
const [question, isContinued] = [process.argv.at(-1), process.argv.includes("--continue")];
const earlier = isContinued ? JSON.parse(await readFile(STATE, "utf8")) : undefined;
// The Responses API remembers; with chat completions the history is sent along.
const previousResponseId = earlier?.responseId?.startsWith("resp_") ? earlier.responseId : undefined;
const history = previousResponseId === undefined ? (earlier?.history ?? []) : [];

const leaving = new AbortController();
process.once("SIGINT", () => leaving.abort());
const stream = await run(agent, [...history, { role: "user", content: question }], {
  stream: true,
  signal: leaving.signal,
  ...(previousResponseId !== undefined && { previousResponseId }),
});
for await (const text of stream.toTextStream()) process.stdout.write(text);
await stream.completed;
await writeFile(STATE, JSON.stringify({ responseId: stream.lastResponseId, history: stream.history }));
