import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, isStepCount, Output, streamText, tool, type ModelMessage } from "ai";
import OpenAI from "openai";
import OpenAI4 from "openai-4";
import OpenAI6 from "openai-6";
import { zodTextFormat } from "openai/helpers/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { GatewayError } from "../../../../src/errors.ts";
import { ASK, open, saysInTurn, WEATHER } from "../../../support/responses-client.ts";
import { fails, KEY, says, thinksFor, type Answer } from "../../../support/scripted-gateway.ts";

const CALL = '<tool_call§ name="weather">{"city":"Ulm"}</tool_call§>';
const PERSON = z.object({ name: z.string(), age: z.number() });
const CUT = new GatewayError("reply_cut", "The answer broke off.");

const PULSE = { limits: { keepAliveAfterMs: 10, keepAliveEveryMs: 10 } };

describe.each([
  ["openai 4", (init: object) => new OpenAI4(init) as unknown as OpenAI],
  ["openai 6", (init: object) => new OpenAI6(init) as unknown as OpenAI],
  ["openai 7", (init: object) => new OpenAI(init)],
])("%s", (_name, clientOf) => {
  async function connect(answer: Answer, overrides: Parameters<typeof open>[1] = {}, init: object = {}) {
    const server = await open(answer, overrides);
    return { ...server, client: clientOf({ apiKey: KEY, baseURL: `${server.url}/v1`, maxRetries: 0, ...init }) };
  }

  test("creates, continues, reads and deletes", async () => {
    const { client, turns } = await connect(saysInTurn("One.", "Two."));
    const first = await client.responses.create({ ...ASK, input: "1" });
    expect([first.output_text, first.usage?.total_tokens]).toEqual(["One.", 3]);
    const second = await client.responses.create({ ...ASK, input: "2", previous_response_id: first.id });
    expect(turns()?.map(({ text }) => text)).toEqual(["1", "One.", "2"]);
    expect(await client.responses.retrieve(second.id)).toMatchObject({ id: second.id, output_text: "Two." });
    const items = await Array.fromAsync(client.responses.inputItems.list(first.id));
    expect(items).toMatchObject([{ type: "message", role: "user", content: [{ type: "input_text", text: "1" }] }]);
    await client.responses.delete?.(first.id);
  });

  test("streams, and its helper puts the response together", async () => {
    const { client } = await connect(says("Hel", "lo"));
    const stream = client.responses.stream(ASK);
    const deltas: string[] = [];
    for await (const event of stream) if (event.type === "response.output_text.delta") deltas.push(event.delta);
    const final = await stream.finalResponse();
    expect([deltas, final.status]).toEqual([["Hel", "lo"], "completed"]);
    expect(final.output).toMatchObject([{ type: "message", content: [{ text: "Hello" }] }]);
    expect(await client.responses.retrieve(final.id)).toMatchObject({ output: [{ content: [{ text: "Hello" }] }] });
  });

  test("waits out a quiet site", async () => {
    const thinks = thinksFor(4, says("Hello"));
    const { client } = await connect(thinks.answer, PULSE, { fetch: thinks.fetch });
    const final = await client.responses.stream(ASK).finalResponse();
    expect(final.output).toMatchObject([{ content: [{ text: "Hello" }] }]);
  });

  test("gets the error of a stream that breaks off", async () => {
    const { client } = await connect(fails(CUT, "Hel"));
    const stream = await client.responses.create({ ...ASK, stream: true });
    await expect(Array.fromAsync(stream)).rejects.toThrow("The answer broke off.");
    const helper = client.responses.stream(ASK);
    await expect(helper.finalResponse()).rejects.toThrow("The answer broke off.");
  });

  test("calls a function and goes on with its result", async () => {
    const { client, turns } = await connect(saysInTurn(`I look.${CALL}`, "It rains."));
    const tools = [WEATHER];
    const stream = client.responses.stream({ ...ASK, tools });
    const { id, output } = await stream.finalResponse();
    const call = output.find((item) => item.type === "function_call");
    expect(call).toMatchObject({ name: "weather", arguments: '{"city":"Ulm"}', status: "completed" });
    expect(call?.call_id).toMatch(/^call_/);
    const outputs = [{ type: "function_call_output" as const, call_id: call?.call_id ?? "", output: "Rain" }];
    const next = await client.responses.create({ ...ASK, tools, previous_response_id: id, input: outputs });
    expect(next.output_text).toBe("It rains.");
    expect(turns()?.slice(-3)).toEqual([
      { role: "user", text: "Hello!" },
      {
        role: "assistant",
        text: "I look.",
        toolCalls: [{ id: call?.call_id, name: "weather", arguments: '{"city":"Ulm"}' }],
      },
      { role: "tool", text: "Rain", toolCallId: call?.call_id },
    ]);
  });

  test("gets what it parses by a schema", async () => {
    const { client } = await connect(says('```json\n{"name":"Ada","age":36}\n```'));
    const format = zodTextFormat(PERSON, "person");
    const response = await client.responses.parse({ ...ASK, text: { format } });
    expect(response.output_parsed).toEqual({ name: "Ada", age: 36 });
  });
});

test("openai 7 sends a custom tool's input through its helper", async () => {
  const { client } = await open(says('<tool_call§ name="shell">ls -l</tool_call§>'));
  const stream = client.responses.stream({ ...ASK, tools: [{ type: "custom", name: "shell" }] });
  expect((await stream.finalResponse()).output).toMatchObject([
    { type: "custom_tool_call", name: "shell", input: "ls -l", call_id: expect.stringMatching(/^call_/) },
  ]);
});

async function connectModel(answer: Answer, overrides: Parameters<typeof open>[1] = {}, init: object = {}) {
  const server = await open(answer, overrides);
  return { ...server, model: createOpenAI({ apiKey: KEY, baseURL: `${server.url}/v1`, ...init })("gptomni") };
}

describe("the AI SDK", () => {
  const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: () => "Rain" });
  const noRetries = { maxRetries: 0 };

  test("talks in turns, with what it was answered as references", async () => {
    const { model, turns } = await connectModel(saysInTurn("One.", "Two.", "Three."));
    const messages: ModelMessage[] = [{ role: "user", content: "1" }];
    const first = await generateText({ model, messages, ...noRetries });
    messages.push(...first.response.messages, { role: "user", content: "2" });
    const second = streamText({ model, messages, ...noRetries });
    expect(await second.text).toBe("Two.");
    messages.push(...(await second.response).messages, { role: "user", content: "3" });
    const third = await generateText({ model, messages, ...noRetries });
    expect([third.text, third.usage.totalTokens]).toEqual(["Three.", expect.any(Number)]);
    expect(turns()?.map(({ text }) => text)).toEqual(["1", "One.", "2", "Two.", "3"]);
  });

  test.each(["generated", "streamed"])("runs its tools (%s)", async (how) => {
    const { model, turns } = await connectModel(saysInTurn(CALL, "It rains."));
    const ask = { model, prompt: "Weather?", tools: { weather }, stopWhen: isStepCount(3), ...noRetries };
    const text = how === "streamed" ? await streamText(ask).text : (await generateText(ask)).text;
    expect(text).toBe("It rains.");
    expect(turns()?.at(-1)).toMatchObject({ role: "tool", text: "Rain" });
  });

  test("gets objects", async () => {
    const { model } = await connectModel(says('{"name":"Ada","age":36}'));
    const { output } = await generateText({
      model,
      prompt: "Who?",
      output: Output.object({ schema: PERSON }),
      ...noRetries,
    });
    expect(output).toEqual({ name: "Ada", age: 36 });
  });

  test("sees reasoning, waits, and is told of a failure", async () => {
    const thinks = thinksFor(4, says("Hello"));
    const reasons: Answer = async function* (...of) {
      yield { type: "reasoning-delta", text: "Hm." };
      yield* thinks.answer(...of);
    };
    const { model } = await connectModel(reasons, PULSE, { fetch: thinks.fetch });
    const first = streamText({ model, prompt: "1", ...noRetries });
    expect([await first.text, await first.reasoningText]).toEqual(["Hello", "Hm."]);
    const messages: ModelMessage[] = [{ role: "user", content: "1" }, ...(await first.response).messages];
    expect(
      (await generateText({ model, messages: [...messages, { role: "user", content: "2" }], ...noRetries })).text,
    ).toBe("Hello");

    const broken = await connectModel(fails(CUT, "Hel"));
    const errors: unknown[] = [];
    const stream = streamText({
      model: broken.model,
      prompt: "1",
      onError: ({ error }) => void errors.push(error),
      ...noRetries,
    });
    await stream.consumeStream();
    expect(String(errors[0])).toContain("The answer broke off.");
  });
});

test("LangChain streams a response", async () => {
  const thinks = thinksFor(4, says("Hello"));
  const { url } = await open(thinks.answer, PULSE);
  const configuration = { baseURL: `${url}/v1`, fetch: thinks.fetch };
  const model = new ChatOpenAI({ model: "gptomni", apiKey: KEY, configuration, useResponsesApi: true, maxRetries: 0 });
  let text = "";
  for await (const chunk of await model.stream("Hello!")) text += chunk.text;
  expect([text, (await model.invoke("Hello!")).text]).toEqual(["Hello", "Hello"]);
});
