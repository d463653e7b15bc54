import { describe, expect, test } from "vitest";
import type { ChatRequest } from "../../../../src/chat.ts";
import { GatewayError } from "../../../../src/errors.ts";
import type { Reply } from "../../../../src/gateway.ts";
import { fails, HELLO, says, serve, type Answer } from "../../../support/scripted-gateway.ts";

describe("an answer in one piece", () => {
  test("has every field that OpenAI's has", async () => {
    const { post } = await serve(says("Hel", "lo"));
    const response = await post(HELLO);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^chatcmpl-[\w-]{24}$/),
      object: "chat.completion",
      created: expect.closeTo(Date.now() / 1000, -1),
      model: "gptomni",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello", refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: 2,
        completion_tokens: 1,
        total_tokens: 3,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: "default",
    });
  });

  test("says which account answered, and carries OpenAI's headers", async () => {
    const { client } = await serve(says("Hello"));
    const {
      data,
      response,
      request_id: requestId,
    } = await client.chat.completions
      .create({ ...HELLO, temperature: 0.2, seed: 1, top_p: 1, user: null as never })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe("Hello");
    expect(requestId).toMatch(/^req_[0-9a-f]{32}$/);
    expect(response.headers.get("x-gateway-account")).toBe("alice");
    expect(response.headers.get("x-gateway-attempts")).toBe("1");
    expect(response.headers.get("openai-version")).toBe("2020-10-01");
    expect(Number(response.headers.get("openai-processing-ms"))).toBeGreaterThanOrEqual(0);
    expect(response.headers.get("x-ignored-params")).toBe("temperature, seed");
  });

  test("is an error when the site's answer breaks off", async () => {
    const { post } = await serve(fails(new GatewayError("reply_cut", "The answer broke off."), "Hel"));
    const response = await post(HELLO);
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({
      error: { message: "The answer broke off.", type: "server_error", param: null, code: "reply_cut" },
    });
  });
});

describe("a streamed answer", () => {
  test("is the role, the content, the finish and [DONE], all of one id", async () => {
    const { post } = await serve(says("Hel", "lo"));
    const response = await post({ ...HELLO, stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("x-gateway-account")).toBe("alice");
    const chunks = events(await response.text());
    const shared = {
      id: (chunks[0] as { id: string }).id,
      object: "chat.completion.chunk",
      created: (chunks[0] as { created: number }).created,
      model: "gptomni",
      service_tier: "default",
    };
    const choice = (delta: object, finish: string | null = null) => ({
      ...shared,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    });
    expect(chunks).toEqual([
      choice({ role: "assistant", content: "", refusal: null }),
      choice({ content: "Hel" }),
      choice({ content: "lo" }),
      choice({}, "stop"),
      "[DONE]",
    ]);
  });

  test("counts the same tokens as an answer in one piece, when asked", async () => {
    const { client } = await serve(says("The quick ", "brown", " fox", " 你好"));
    const plain = await client.chat.completions.create(HELLO);
    const stream = await client.chat.completions.create({
      ...HELLO,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: plain.usage });
    expect(chunks.slice(0, -1).every(({ usage, choices }) => usage === null && choices.length === 1)).toBe(true);
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
  });

  test("works with the SDK's stream helper", async () => {
    const { client } = await serve(says("Hel", "lo"));
    const helper = client.chat.completions.stream(HELLO);
    expect(await helper.finalContent()).toBe("Hello");
  });

  test("fails with a status when nothing was sent yet", async () => {
    const { client } = await serve(fails(new GatewayError("site_challenged", "The site asks for a challenge.")));
    const asked = client.chat.completions.create({ ...HELLO, stream: true });
    await expect(asked).rejects.toMatchObject({ status: 503, code: "site_challenged", type: "server_error" });
  });

  test("ends with an error event and no [DONE] when it breaks off", async () => {
    const { post, client, lines } = await serve(fails(new GatewayError("reply_cut", "The answer broke off."), "Hel"));
    const chunks = events(await (await post({ ...HELLO, stream: true })).text());
    expect(chunks.at(-1)).toEqual({
      error: { message: "The answer broke off.", type: "server_error", param: null, code: "reply_cut" },
    });
    expect(JSON.stringify(chunks)).not.toContain('"finish_reason":"');
    expect(lines.at(-1)).toMatchObject({ status: 200, code: "reply_cut" });
    const stream = await client.chat.completions.create({ ...HELLO, stream: true });
    await expect(Array.fromAsync(stream)).rejects.toThrow("The answer broke off.");
  });

  test("opens and stays alive while the site thinks", async () => {
    const gate = Promise.withResolvers<void>();
    const answer: Answer = async function* () {
      await gate.promise;
      yield* says("Hello")(undefined as never, undefined as never);
    };
    const { client } = await serve(answer, { limits: { keepAliveAfterMs: 30, keepAliveEveryMs: 20 } });
    const stream = await client.chat.completions.create({ ...HELLO, stream: true });
    const deltas: unknown[] = [];
    for await (const chunk of stream) {
      deltas.push(chunk.choices[0]?.delta);
      if (deltas.length === 3) gate.resolve();
    }
    expect(deltas.slice(0, 3)).toEqual([
      { role: "assistant", content: "", refusal: null },
      { content: "" },
      { content: "" },
    ]);
    expect(deltas.filter((delta) => Object.hasOwn(delta as object, "role"))).toHaveLength(1);
    expect(deltas.slice(-2)).toEqual([{ content: "Hello" }, {}]);
  });

  test("tells its place where it opens before its turn has come", async () => {
    const gate = Promise.withResolvers<void>();
    const answer: Answer = async function* () {
      await gate.promise;
      yield* says("Hello")(undefined as never, undefined as never);
    };
    const progress = { accountId: undefined, attempts: 0, queuedMs: 0, queuePosition: 3, estimatedWaitMs: 41_000.4 };
    const reply = (request: ChatRequest, _caller: unknown, signal: AbortSignal): Reply => {
      return { progress, [Symbol.asyncIterator]: () => answer(request, signal) };
    };
    const { post } = await serve(answer, { limits: { keepAliveAfterMs: 1 }, gateway: { reply } });
    const response = await post({ ...HELLO, stream: true });
    expect(response.headers.get("x-gateway-queue-position")).toBe("3");
    expect(response.headers.get("x-gateway-estimated-wait-ms")).toBe("41000");
    expect(response.headers.has("x-gateway-queued-ms")).toBe(false);
    gate.resolve();
    expect(await response.text()).toContain("Hello");
  });

  test("ends before a stop sequence that spans chunks, and the rest is never asked for", async () => {
    let isCancelled = false;
    const answer: Answer = async function* () {
      try {
        for (const text of ["one ", "tw", "o S", "TO", "P three"]) yield { type: "text-delta", text };
        yield { type: "text-delta", text: "never" };
      } finally {
        isCancelled = true;
      }
    };
    const { client } = await serve(answer);
    const request = { ...HELLO, stop: ["STOP", "\n\n\n"] };
    const stream = await client.chat.completions.create({ ...request, stream: true });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("one two ");
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(isCancelled).toBe(true);
    const plain = await client.chat.completions.create(request);
    expect(plain.choices[0]?.message.content).toBe("one two ");
  });
});

function events(text: string): unknown[] {
  return text
    .split("\n\n")
    .filter((frame) => frame !== "")
    .map((frame) => {
      expect(frame.startsWith("data: ")).toBe(true);
      const data = frame.slice("data: ".length);
      return data === "[DONE]" ? data : (JSON.parse(data) as unknown);
    });
}
