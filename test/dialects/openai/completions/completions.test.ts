import { describe, expect, test } from "vitest";
import type { ChatRequest } from "../../../../src/chat.ts";
import { GatewayError } from "../../../../src/errors.ts";
import { fails, JSON_HEADERS, says, serve, thinksFor, type Answer } from "../../../support/scripted-gateway.ts";

const ONCE = { model: "gptomni", prompt: "Once upon" };

/** Repeats what it was asked, so that answers can be told apart. */
const repeats: Answer = async function* (request: ChatRequest) {
  yield { type: "text-delta", text: `<${request.messages.map(({ role, text }) => `${role}: ${text}`).join()}>` };
  yield { type: "end", finishReason: "stop" };
};

async function open(answer: Answer, overrides: Parameters<typeof serve>[1] = {}, send = fetch) {
  const server = await serve(answer, overrides);
  const complete = (changes: object) =>
    send(`${server.url}/v1/completions`, {
      method: "POST",
      headers: JSON_HEADERS,
      body: JSON.stringify({ ...ONCE, ...changes }),
    });
  return { ...server, complete };
}

async function chunksOf(response: Response): Promise<unknown[]> {
  const frames = (await response.text()).split("\n\n").filter((frame) => frame !== "");
  expect(frames.at(-1)).toBe("data: [DONE]");
  return frames.slice(0, -1).map((frame) => JSON.parse(frame.slice("data: ".length)) as unknown);
}

describe("a completion", () => {
  test("in one piece has every field that OpenAI's has", async () => {
    const { complete } = await open(says("a ", "time"));
    const response = await complete({});
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^cmpl-[\w-]{24}$/),
      object: "text_completion",
      created: expect.closeTo(Date.now() / 1000, -1),
      model: "gptomni",
      choices: [{ text: "a time", index: 0, logprobs: null, finish_reason: "stop" }],
      usage: expect.objectContaining({ prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 }),
    });
  });

  test("as a stream ends with its finish, token counts if asked for, and [DONE]", async () => {
    const { complete } = await open(says("a ", "time"));
    const chunks = await chunksOf(await complete({ stream: true, stream_options: { include_usage: true } }));
    const [first] = chunks as [{ id: string; created: number }];
    const shared = { id: first.id, object: "text_completion", created: first.created, model: "gptomni" };
    const chunk = (text: string, finish: string | null = null) => ({
      ...shared,
      choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
      usage: null,
    });
    expect(chunks).toEqual([
      chunk("a "),
      chunk("time"),
      chunk("", "stop"),
      { ...shared, choices: [], usage: expect.objectContaining({ total_tokens: 4 }) },
    ]);
  });

  test("is read by OpenAI's SDK", async () => {
    const { client } = await open(says("a ", "time"));
    const whole = await client.completions.create(ONCE);
    const stream = await client.completions.create({ ...ONCE, stream: true });
    const texts = (await Array.fromAsync(stream)).map(({ choices }) => choices[0]?.text ?? "");
    expect([whole.choices[0]?.text, texts.join("")]).toEqual(["a time", "a time"]);
  });

  test.each([false, true])("begins with its prompt when that is to be repeated (stream: %o)", async (stream) => {
    const { complete } = await open(says(" a time"));
    const response = await complete({ echo: true, stream });
    expect(response.headers.get("x-emulated-params")).toBe("echo");
    const answers = stream ? await chunksOf(response) : [await response.json()];
    const texts = (answers as { choices: { text: string }[] }[]).map(({ choices }) => choices[0]?.text);
    expect(texts.join("")).toBe("Once upon a time");
  });

  test("ends before a stop sequence", async () => {
    const { complete } = await open(says("a time.", " And then"));
    expect(await (await complete({ stop: "." })).json()).toMatchObject({
      choices: [{ text: "a time", finish_reason: "stop" }],
    });
  });

  test("names what it ignores and what it imitates", async () => {
    const { complete } = await open(says("a time"));
    const response = await complete({ best_of: 3, temperature: 0, n: 1, stop: "x", top_k: 3, constructor: 1 });
    expect(response.headers.get("x-ignored-params")).toBe("best_of, temperature, top_k, constructor");
    expect(response.headers.get("x-emulated-params")).toBe("stop");
  });

  test("keeps its connection alive while there is nothing to say", async () => {
    const thinks = thinksFor(4, says());
    const limits = { keepAliveAfterMs: 10, keepAliveEveryMs: 10 };
    const { complete } = await open(thinks.answer, { limits }, thinks.fetch);
    const chunks = (await chunksOf(await complete({ stream: true }))) as { choices: { text: string }[] }[];
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.every(({ choices }) => choices[0]?.text === "")).toBe(true);
  });

  test("that fails after it began ends with the error", async () => {
    const { complete } = await open(fails(new GatewayError("reply_cut", "It broke off."), "a "));
    const frames = (await (await complete({ stream: true })).text()).trim().split("\n\n");
    expect(JSON.parse(frames.at(-1)?.slice("data: ".length) ?? "")).toEqual({
      error: { message: "It broke off.", type: "server_error", param: null, code: "reply_cut" },
    });
  });
});

describe("several prompts", () => {
  const BOTH = { prompt: ["one", "two"], n: 2, echo: true };
  const EXPECTED = ["one<user: one>", "one<user: one>", "two<user: two>", "two<user: two>"];

  test("are conversations of their own, each with its answers", async () => {
    const { complete } = await open(repeats);
    const { choices, usage } = (await (await complete(BOTH)).json()) as {
      choices: { text: string; index: number }[];
      usage: { prompt_tokens: number };
    };
    expect(choices.map(({ text, index }) => [index, text])).toEqual([...EXPECTED.entries()]);
    expect(usage.prompt_tokens).toBe(2);
  });

  test("stream side by side", async () => {
    const { complete } = await open(repeats);
    const texts = ["", "", "", ""];
    for (const chunk of await chunksOf(await complete({ ...BOTH, stream: true }))) {
      const { choices } = chunk as { choices: { index: number; text: string }[] };
      for (const { index, text } of choices) texts[index] += text;
    }
    expect(texts).toEqual(EXPECTED);
  });
});

test.each([
  [{ prompt: undefined }, "missing_required_parameter", "prompt"],
  [{ prompt: [] }, "empty_array", "prompt"],
  [{ prompt: 3 }, "invalid_type", "prompt"],
  [{ prompt: [1, 2] }, "invalid_type", "prompt[0]"],
  [{ prompt: [[1, 2]] }, "invalid_type", "prompt[0]"],
  [{ prompt: ["a", "b", "c"], n: 2 }, "unsupported_value", "prompt"],
  [{ n: 5 }, "unsupported_value", "n"],
  [{ suffix: "the end" }, "unsupported_parameter", "suffix"],
  [{ logprobs: 0 }, "unsupported_parameter", "logprobs"],
  [{ max_tokens: 0 }, "invalid_value", "max_tokens"],
  [{ stop: ["a", "b", "c", "d", "e"] }, "invalid_value", "stop"],
  [{ guided_json: { type: "object" } }, "unsupported_parameter", "guided_json"],
  [{ grammar: "root ::= [a-z]+" }, "unsupported_parameter", "grammar"],
  [{ response_format: { type: "json_object" } }, "unsupported_parameter", "response_format"],
])("a completion of %j is refused as %s at %s", async (changes, code, param) => {
  const { complete } = await open(says("a time"));
  const response = await complete(changes);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code, param } });
});
