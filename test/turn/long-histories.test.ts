import { expect, test } from "vitest";
import { parseMessageRequest } from "../../src/dialects/anthropic/request.ts";
import { parseChatCompletion } from "../../src/dialects/openai/chat/request.ts";
import { leastCpuMs } from "../support/event-loop.ts";

type Bodies = readonly [
  name: string,
  bodyOf: (turns: number) => { readonly parse: (body: object) => unknown; readonly body: object },
];

const many = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => item(index));
const chat = (body: object): unknown => parseChatCompletion(body, { maxChoices: 1 });
const messages = (body: object): unknown => parseMessageRequest(body, { bodyText: JSON.stringify(body) });
const GO = { role: "user", content: "go" };

const BODIES: readonly Bodies[] = [
  [
    "calls and results without ids",
    (turns) => ({
      parse: chat,
      body: {
        model: "m",
        messages: [
          GO,
          { role: "assistant", tool_calls: many(turns, () => ({ function: { name: "a", arguments: "{}" } })) },
          ...many(turns, () => ({ role: "tool", content: "x" })),
        ],
      },
    }),
  ],
  [
    "calls whose ids are those that others would get",
    (turns) => ({
      parse: chat,
      body: {
        model: "m",
        messages: [
          GO,
          { role: "assistant", tool_calls: many(turns, (index) => ({ id: `call_${index}`, function: { name: "a" } })) },
          { role: "assistant", tool_calls: many(turns, () => ({ function: { name: "a" } })) },
        ],
      },
    }),
  ],
  [
    "calls as items",
    (turns) => ({
      parse: chat,
      body: { model: "m", input: [GO, ...many(turns, () => ({ type: "function_call", name: "a", arguments: "{}" }))] },
    }),
  ],
  [
    "blocks that nobody knows",
    (turns) => ({
      parse: chat,
      body: {
        model: "m",
        messages: [{ role: "assistant", content: many(turns, (index) => ({ type: `t${index}`, text: "x" })) }, GO],
      },
    }),
  ],
  [
    "Anthropic's calls and results without ids",
    (turns) => ({
      parse: messages,
      body: {
        model: "m",
        max_tokens: 1,
        messages: [
          GO,
          { role: "assistant", content: many(turns, () => ({ type: "tool_use", name: "a", input: { n: 1 } })) },
          { role: "user", content: many(turns, () => ({ type: "tool_result", content: "x" })) },
        ],
      },
    }),
  ],
  [
    "Anthropic's tools that come and go",
    (turns) => ({
      parse: messages,
      body: {
        model: "m",
        max_tokens: 1,
        messages: [
          GO,
          {
            role: "system",
            content: many(turns, (index) => ({
              type: "tool_addition",
              tool: { type: "tool_definition", definition: { name: `t${index % 100}`, input_schema: {} } },
            })),
          },
        ],
      },
    }),
  ],
];

test.each(BODIES)("a history with thousands of %s is read in linear time", async (_name, bodyOf) => {
  const read = (turns: number) => {
    const { parse, body } = bodyOf(turns);
    return leastCpuMs(async () => expect(parse(body)).toBeDefined());
  };
  await read(500);
  const shortMs = await read(4_000);
  // 64 times as much where the time grows with the square. Collecting garbage makes it more than eight times.
  expect(await read(32_000)).toBeLessThan(22 * shortMs + 10);
});
