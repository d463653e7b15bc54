import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, isStepCount, Output, streamText, tool } from "ai";
import OpenAI from "openai";
import OpenAI4 from "openai-4";
import OpenAI6 from "openai-6";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let baseURL: string;
let apiKey = "";
beforeAll(async () => {
  world = await openWorld();
  baseURL = `${world.gateway.url}/v1`;
  apiKey = world.client.apiKey ?? "";
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Makes the site say exactly this. */
function says(text: string): string {
  return `@sim ${JSON.stringify({ text })}`;
}

function ask(content: string) {
  return { model: "gptomni", messages: [{ role: "user" as const, content }] };
}

/** Makes the site's model call the tool, in the form that its prompt shows. */
const CALL = '[[call weather {"city":"Oslo"}]]';
const WEATHER = {
  type: "function" as const,
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const PERSON = z.object({ name: z.string(), age: z.number() });

describe.each([
  ["openai 4", (init: object) => new OpenAI4({ apiKey, baseURL, ...init }) as unknown as OpenAI],
  ["openai 6", (init: object) => new OpenAI6({ apiKey, baseURL, ...init }) as unknown as OpenAI],
  ["openai 7", (init: object) => new OpenAI({ apiKey, baseURL, ...init })],
])("%s", (_name, open) => {
  test("creates, streams and lists", async () => {
    const client = open({});
    const whole = await client.chat.completions.create(ask("whole"));
    expect(whole.choices[0]?.message.content).toBe("You said: whole");
    expect(whole.usage?.total_tokens).toBeGreaterThan(3);
    let text = "";
    let usage: unknown;
    const stream = await client.chat.completions.create({
      ...ask("bit by bit"),
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe("You said: bit by bit");
    expect(usage).toMatchObject({ completion_tokens: expect.any(Number) });
    expect((await client.models.list()).data.map(({ id }) => id)).toContain("gptomni");
    expect((await client.models.retrieve("gptomni")).id).toBe("gptomni");
  });

  test("fails with the typed error, retries what may be retried, and aborts", async () => {
    const client = open({ maxRetries: 2 });
    await expect(client.models.retrieve("gpt-9")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
    const stranger = open({ apiKey: "sk-wrong" });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
    const controller = new AbortController();
    const prompt = '@sim {"delayMs":60000}';
    const answer = client.chat.completions.create(ask(prompt), { signal: controller.signal });
    await world.simulator.waitForPost((post) => post.prompt === prompt && post.finishedAt === undefined, 30_000);
    controller.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await world.untilReady();
  });

  test("calls a tool, and goes on with its result", async () => {
    const client = open({});
    const first = await client.chat.completions.create({ ...ask(CALL), tools: [WEATHER] });
    const [choice] = first.choices;
    expect(choice?.finish_reason).toBe("tool_calls");
    const [call] = choice?.message.tool_calls ?? [];
    expect(call).toMatchObject({ type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } });
    const second = await client.chat.completions.create({
      model: "gptomni",
      tools: [WEATHER],
      messages: [
        { role: "user", content: "How is the weather in Oslo?" },
        { ...(choice?.message as OpenAI.ChatCompletionMessageParam) },
        { role: "tool", tool_call_id: call?.id ?? "", content: "4 degrees" },
      ],
    });
    expect(second.choices[0]?.finish_reason).toBe("stop");
    const prompt = world.simulator.posts.at(-1)?.prompt ?? "";
    expect(prompt).toContain(` id="${call?.id}" name="weather">{"city":"Oslo"}</tool_call_`);
    expect(prompt).toContain("4 degrees");
  });
});

describe.each([
  ["openai 6", () => new OpenAI6({ apiKey, baseURL }) as unknown as OpenAI],
  ["openai 7", () => new OpenAI({ apiKey, baseURL })],
])("%s's helpers", (_name, open) => {
  test("stream a text and a call", async () => {
    const runner = open().chat.completions.stream({
      model: "gptomni",
      messages: [{ role: "user", content: `[[say Let me see.]] ${CALL}` }],
      tools: [WEATHER],
    });
    const completion = await runner.finalChatCompletion();
    expect(completion.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "weather" } });
    expect(completion.choices[0]?.message.content?.trim()).toBe("Let me see.");
  });

  test("parse an answer by its schema", async () => {
    const completion = await open().chat.completions.parse({
      model: "gptomni",
      messages: [{ role: "user", content: says('Here it is:\n```json\n{"name":"Ada","age":36}\n```') }],
      response_format: zodResponseFormat(PERSON, "person"),
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ name: "Ada", age: 36 });
  });

  test("meet an answer that breaks off as an error", async () => {
    const runner = open().chat.completions.stream({
      model: "gptomni",
      messages: [{ role: "user", content: '@sim {"chunks":9,"chunkDelayMs":20,"resetAfterChunks":3}' }],
    });
    await expect(runner.finalChatCompletion()).rejects.toThrow(/broke off/);
    await world.untilReady();
  });
});

function compatible() {
  return createOpenAICompatible({ name: "gateway", baseURL, apiKey }).chatModel("gptomni");
}

function langchain() {
  return new ChatOpenAI({ model: "gptomni", apiKey, configuration: { baseURL }, maxRetries: 0 });
}

describe("the AI SDK", () => {
  test("generates and streams through its compatible provider", async () => {
    const { text, finishReason } = await generateText({ model: compatible(), prompt: "whole" });
    expect([text, finishReason]).toEqual(["You said: whole", "stop"]);
    let streamed = "";
    for await (const piece of streamText({ model: compatible(), prompt: "bit by bit" }).textStream) streamed += piece;
    expect(streamed).toBe("You said: bit by bit");
  });

  test("runs a tool and asks again with its result", async () => {
    const result = await generateText({
      model: compatible(),
      prompt: CALL,
      tools: {
        weather: tool({
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => `4 degrees in ${city}`,
        }),
      },
      stopWhen: isStepCount(2),
    });
    expect(result.steps[0]?.toolResults[0]?.output).toBe("4 degrees in Oslo");
    expect(world.simulator.posts.at(-1)?.prompt).toContain("4 degrees in Oslo");
  });

  test("gets an object by its schema", async () => {
    const { output } = await generateText({
      model: createOpenAI({ baseURL, apiKey }).chat("gptomni"),
      prompt: says('{"name":"Ada","age":36}'),
      output: Output.object({ schema: PERSON }),
    });
    expect(output).toEqual({ name: "Ada", age: 36 });
  });

  test("meets a failure as an error", async () => {
    const failing = generateText({ model: compatible(), prompt: '@sim {"status":500}', maxRetries: 0 });
    await expect(failing).rejects.toMatchObject({ statusCode: 502 });
    await expect.poll(() => world.gateway.pool.states.every(({ state }) => state === "ready")).toBe(true);
  });
});

describe("LangChain", () => {
  test("invokes and streams", async () => {
    expect((await langchain().invoke("whole")).content).toBe("You said: whole");
    let text = "";
    for await (const chunk of await langchain().stream("bit by bit")) text += chunk.text;
    expect(text).toBe("You said: bit by bit");
  });

  test("binds a tool", async () => {
    const weather = langchainTool(async () => "4 degrees", {
      name: "weather",
      description: "the weather in a city",
      schema: z.object({ city: z.string() }),
    });
    const answer = await langchain()
      .bindTools([weather])
      .invoke([new HumanMessage(CALL)]);
    expect(answer.tool_calls).toMatchObject([{ name: "weather", args: { city: "Oslo" } }]);
  });

  test("gets structured output", async () => {
    const structured = langchain().withStructuredOutput(PERSON);
    expect(await structured.invoke(says('{"name":"Ada","age":36}'))).toEqual({ name: "Ada", age: 36 });
  });
});
