// An agent with one tool. `node agent.mjs [--continue] QUESTION`; Ctrl-C aborts the run.
import { mapChatMessagesToStoredMessages, mapStoredMessagesToChatMessages } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { model } from "./gateway.mjs";

const readTool = tool(({ path }) => readFile(path, "utf8"), {
  name: "read_file",
  description: "Reads a file.",
  schema: z.object({ path: z.string() }),
});
const agent = createReactAgent({ llm: model, tools: [readTool], prompt: "Help with files." });

const STATE = "conversation.json";
const [question, isContinued] = [process.argv.at(-1), process.argv.includes("--continue")];
const earlier = isContinued ? mapStoredMessagesToChatMessages(JSON.parse(await readFile(STATE, "utf8"))) : [];

const leaving = new AbortController();
process.once("SIGINT", () => leaving.abort());
const messages = [...earlier, { role: "user", content: question }];
let last;
for await (const [mode, part] of await agent.stream(
  { messages },
  { streamMode: ["messages", "values"], signal: leaving.signal },
)) {
  if (mode === "messages" && part[0].type === "ai") process.stdout.write(part[0].text);
  if (mode === "values") last = part;
}
await writeFile(STATE, JSON.stringify(mapChatMessagesToStoredMessages(last.messages)));
