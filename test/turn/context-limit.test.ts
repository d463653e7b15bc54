import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { ChatRequest, Message, ReplyPart } from "../../src/chat.ts";
import { flatten } from "../../src/sites/prompt.ts";
import { cutContext } from "../../src/turn/context-cut.ts";
import { ContextLimit } from "../../src/turn/context-limit.ts";
import { KEY, serve, type Answer } from "../support/scripted-gateway.ts";

const NOTE = /^\[\d+ earlier turns of the conversation are left out here/;

function requestOf(messages: readonly Message[]): ChatRequest {
  return { model: "m", messages, boundary: "123456789" };
}

/** A conversation as agents have it: rules, then turns, some with calls and their results. */
const conversation = fc
  .record({
    rules: fc.array(fc.string({ maxLength: 300 }), { maxLength: 2 }),
    turns: fc.array(
      fc.record({
        kind: fc.constantFrom("user", "assistant", "call", "system"),
        length: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000 })),
        results: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 1, maxLength: 30 },
    ),
    question: fc.string({ minLength: 1, maxLength: 500 }),
  })
  .map(({ rules, turns, question }): readonly Message[] => [
    ...rules.map((text) => ({ role: "system", text }) as const),
    { role: "user", text: "Begin." },
    ...turns.flatMap(({ kind, length, results }, turn): Message[] => {
      const text = `${turn}😀`.repeat(length).slice(0, length).toWellFormed();
      if (kind !== "call") return [{ role: kind, text }];
      const ids = Array.from({ length: results }, (_, call) => `call_${turn}_${call}`);
      return [
        { role: "assistant", text: "", toolCalls: ids.map((id) => ({ id, name: "read", arguments: '{"a":1}' })) },
        ...ids.map((id): Message => ({ role: "tool", toolCallId: id, text })),
      ];
    }),
    { role: "user", text: question },
  ]);

describe("a conversation that is cut", () => {
  test("fits, keeps its rules and its newest turn, and parts no call from its results", () => {
    let cuts = 0;
    const property = fc.property(conversation, fc.integer({ min: 4_000, max: 40_000 }), (messages, max) => {
      const request = requestOf(messages);
      fc.pre(flatten(request).length > max);
      const cut = cutContext(request, max, flatten);
      // Only rules, which are never cut, can keep it from fitting, and these do not.
      if (!cut) throw new Error("it was not cut");
      cuts += 1;
      const kept = cut.request.messages;
      expect(flatten(cut.request).length).toBeLessThanOrEqual(max);
      const rules = messages.slice(
        0,
        messages.findIndex(({ role }) => role !== "system"),
      );
      expect(kept.slice(0, rules.length)).toEqual(rules);
      expect(kept.at(-1)).toEqual(messages.at(-1));
      expect(kept.filter(({ text }) => NOTE.test(text)).length).toBe(cut.turns > 0 ? 1 : 0);
      const called = kept.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id }) => id));
      expect(kept.flatMap(({ toolCallId = [] }) => toolCallId)).toEqual(called);
      expect(kept.filter(({ text }) => !text.isWellFormed())).toEqual([]);
      expect(cut.characters).toBe(flatten(request).length - flatten(cut.request).length);
    });
    fc.assert(property, { numRuns: 200 });
    expect(cuts).toBeGreaterThan(50);
  });

  test("loses no more turns than it must, the oldest first behind the first one", () => {
    const turns = Array.from({ length: 20 }, (_, turn): Message => {
      return { role: turn % 2 === 0 ? "user" : "assistant", text: `${turn}: ${"x".repeat(1_000)}` };
    });
    const cut = cutContext(requestOf([...turns, { role: "user", text: "Go on." }]), 10_000, flatten);
    expect(cut?.request.messages.map(({ text }) => Number.parseInt(text, 10) || text.slice(0, 4))).toEqual([
      "0: x",
      "[11 ",
      12,
      13,
      14,
      15,
      16,
      17,
      18,
      19,
      "Go o",
    ]);
    expect(cut?.turns).toBe(11);
  });

  test("keeps the beginning and the end of a turn that is too long by itself", () => {
    const text = `begin ${"x".repeat(100_000)} end`;
    const cut = cutContext(requestOf([{ role: "user", text }]), 5_000, flatten);
    const [only] = cut?.request.messages ?? [];
    expect(only?.text).toMatch(/^begin x+\n\[… 100010 characters were shortened here, .* …\]\nx+ end$/);
    expect(only?.text.length).toBeLessThanOrEqual(5_000);
  });

  test("cuts all results of a turn where together they are too long, the shorter ones less", () => {
    const lengths = [9_000, 8_000, 7_000, 300, 6_000];
    const ids = lengths.map((length) => `call_${length}`);
    const turns: readonly Message[] = [
      { role: "user", text: "Read the files." },
      { role: "assistant", text: "", toolCalls: ids.map((id) => ({ id, name: "read", arguments: "{}" })) },
      ...lengths.map((length, at): Message => ({ role: "tool", toolCallId: ids[at] ?? "", text: "x".repeat(length) })),
    ];
    const cut = cutContext(requestOf(turns), 10_000, flatten);
    const results = cut?.request.messages.filter(({ role }) => role === "tool").map(({ text }) => text.length) ?? [];
    expect(results).toHaveLength(5);
    expect(results[3]).toBe(300);
    expect(Math.min(...results.filter((length) => length !== 300))).toBeGreaterThan(1_500);
    const length = cut ? flatten(cut.request).length : Infinity;
    expect(length).toBeLessThanOrEqual(10_000);
    expect(length).toBeGreaterThan(9_500);
  });

  test("is refused where its rules alone are too long, since half an instruction is another one", () => {
    const rules: Message = { role: "system", text: "x".repeat(6_000) };
    expect(cutContext(requestOf([rules, { role: "user", text: "Hi" }]), 5_000, flatten)).toBeUndefined();
  });
});

/** A server whose site takes so much, and what that was sent. */
async function serveLimited(overflow: "refuse" | "truncate", maxPromptCharacters = 2_000) {
  const contextLimit = new ContextLimit({
    promptOf: flatten,
    maxPromptCharactersOf: () => maxPromptCharacters,
    overflow,
  });
  const prompts: string[] = [];
  const answer: Answer = async function* (request): AsyncGenerator<ReplyPart, void, undefined> {
    prompts.push(flatten(request));
    yield { type: "text-delta", text: "Fine." };
    yield { type: "end", finishReason: "stop" };
  };
  return { prompts, ...(await serve(answer, { contextLimit })) };
}

const LONG = [
  { role: "user" as const, content: `first ${"word ".repeat(100)}` },
  { role: "assistant" as const, content: "word ".repeat(500) },
  { role: "user" as const, content: "And now?" },
];

describe("a conversation that is longer than the site takes", () => {
  test("is refused to OpenAI's clients by the code that they know, and the site is not asked", async () => {
    const { client, prompts } = await serveLimited("refuse");
    for (const stream of [false, true]) {
      const refused = await client.chat.completions
        .create({ model: "gptomni", messages: LONG, stream })
        .catch((cause: unknown) => cause);
      expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
      expect(refused).toMatchObject({ code: "context_length_exceeded", type: "invalid_request_error" });
      const { message } = refused as Error;
      expect(message).toMatch(/maximum context length is \d+ tokens\. However, your messages resulted in \d+ tokens/);
      expect(message).toMatch(/The prompt has 3\d{3} characters, and the site takes 2000\./);
    }
    const responses = client.responses.create({ model: "gptomni", input: LONG });
    await expect(responses).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
    const completion = client.completions.create({ model: "gptomni", prompt: "word ".repeat(500) });
    await expect(completion).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
    expect(prompts).toEqual([]);
  });

  test("is refused to Anthropic's clients in the words by which they know it", async () => {
    const { url, prompts } = await serveLimited("refuse");
    const client = new Anthropic({ apiKey: KEY, baseURL: url, maxRetries: 0 });
    const refused = await client.messages
      .create({ model: "gptomni", max_tokens: 9, messages: LONG })
      .catch((cause: unknown) => cause);
    expect(refused).toBeInstanceOf(Anthropic.BadRequestError);
    const found = /prompt is too long: (\d+) tokens > (\d+) maximum/.exec((refused as Error).message);
    expect(Number(found?.[1])).toBeGreaterThan(Number(found?.[2]));
    expect(prompts).toEqual([]);
  });

  test("is cut where that is wanted, named in a header, and counted as it was sent", async () => {
    const { client, prompts } = await serveLimited("truncate");
    const { data, response } = await client.chat.completions
      .create({ model: "gptomni", messages: LONG })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe("Fine.");
    expect(response.headers.get("x-gateway-context-cut")).toMatch(/^turns=\d+, characters=\d+$/);
    expect(prompts[0]?.length).toBeLessThanOrEqual(2_000);
    expect(prompts[0]).toContain("And now?");
    expect(data.usage?.prompt_tokens).toBeLessThan(600);
    const short = await client.chat.completions.create({ model: "gptomni", messages: LONG.slice(2) }).withResponse();
    expect(short.response.headers.has("x-gateway-context-cut")).toBe(false);
  });
});

test("one that just fits is sent whole, and one character more is refused", async () => {
  const { post, prompts } = await serveLimited("refuse");
  const ask = (content: string) => post({ model: "gptomni", messages: [{ role: "user", content }] });
  expect((await ask("x".repeat(2_000))).status).toBe(200);
  expect((await ask("x".repeat(2_001))).status).toBe(400);
  expect(prompts).toHaveLength(1);
});
