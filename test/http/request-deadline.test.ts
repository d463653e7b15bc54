import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import type { ReplyPart } from "../../src/chat.ts";
import { hangs, HELLO, JSON_HEADERS, says, serve, type Answer } from "../support/scripted-gateway.ts";

describe("a client that leaves", () => {
  test.each([true, false])("cancels the request upstream at once (stream: %s)", async (stream) => {
    const asked = Promise.withResolvers<AbortSignal>();
    const answer: Answer = (request, signal) => {
      asked.resolve(signal);
      return hangs("Hel")(request, signal);
    };
    const { url, lines } = await serve(answer);
    const leaving = new AbortController();
    const response = fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: JSON_HEADERS,
      body: JSON.stringify({ ...HELLO, stream }),
      signal: leaving.signal,
    }).catch(() => undefined);
    const signal = await asked.promise;
    const aborted = once(signal, "abort");
    leaving.abort();
    await aborted;
    expect(signal.reason).toMatchObject({ code: "client_closed" });
    await response;
    await expect.poll(() => lines.at(-1)).toMatchObject({ status: 499, code: "client_closed", account: "alice" });
  });

  test("ends even when the gateway does not hear of it", async () => {
    const asked = Promise.withResolvers<void>();
    const answer: Answer = async function* () {
      asked.resolve();
      await new Promise(() => undefined);
      yield* says("never")(undefined as never, undefined as never);
    };
    const { url, lines } = await serve(answer);
    const leaving = new AbortController();
    const body = JSON.stringify(HELLO);
    const init = { method: "POST", headers: JSON_HEADERS, body, signal: leaving.signal };
    const response = fetch(`${url}/chat/completions`, init).catch(() => undefined);
    await asked.promise;
    leaving.abort();
    await response;
    await expect.poll(() => lines.at(-1)).toMatchObject({ code: "client_closed" });
  });

  test("that reads slowly slows the site down instead of filling memory", async () => {
    let pulled = 0;
    const block = "x".repeat(64 * 1024);
    const answer: Answer = async function* () {
      for (; pulled < 2_000; pulled += 1) yield { type: "text-delta", text: block };
      yield { type: "end", finishReason: "stop" };
    };
    const { port } = await serve(answer);
    const response = await openRaw(port, { ...HELLO, stream: true });
    response.pause();
    let before = -1;
    await expect
      .poll(() => [before, (before = pulled)], { interval: 100 })
      .toSatisfy(([then, now]: number[]) => now !== undefined && now > 0 && then === now);
    expect(pulled).toBeLessThan(500);
    response.destroy();
  });

  test.each([
    ["a stream", true, neverEnds],
    ["a long answer", false, says("x".repeat(32 * 1024 * 1024))],
  ])("that reads nothing of %s is cut off", async (_name, stream, answer) => {
    const { port, lines } = await serve(answer, { limits: { unreadLimitMs: 100 } });
    const response = await openRaw(port, { ...HELLO, stream });
    response.pause().on("error", () => undefined);
    await expect.poll(() => lines.at(-1)).toMatchObject({ code: "client_closed" });
  });
});

describe("a request that takes too long", () => {
  test("fails with 504 when its deadline passes", async () => {
    const { post } = await serve(hangs(), { limits: { requestTimeoutMs: 50 } });
    const response = await post(HELLO);
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ error: { code: "request_timeout" } });
    expect(response.headers.get("x-should-retry")).toBe("false");
  });

  test("is not cut while its stream goes on", async () => {
    const { answer, goOn } = pauses();
    const { post } = await serve(answer, { limits: { requestTimeoutMs: 100 } });
    const response = await post({ ...HELLO, stream: true });
    expect((await post(HELLO)).status, "the limit has passed").toBe(504);
    goOn();
    const text = await response.text();
    expect([text.includes("[DONE]"), text.includes("request_timeout")]).toEqual([true, false]);
  });

  test("is cut, whole, when the limit passes before its end", async () => {
    const { post } = await serve(hangs("Hel"), { limits: { requestTimeoutMs: 100 } });
    const response = await post(HELLO);
    expect([response.status, await response.json()]).toMatchObject([504, { error: { code: "request_timeout" } }]);
  });

  test("is cut while its open stream has nothing but keep-alives", async () => {
    const limits = { requestTimeoutMs: 200, keepAliveAfterMs: 1, keepAliveEveryMs: 20 };
    const { post } = await serve(hangs(), { limits });
    const text = await (await post({ ...HELLO, stream: true })).text();
    expect(text).toContain("request_timeout");
  });

  test("is given up when the SDK says that it waits no longer", async () => {
    const { post } = await serve(hangs());
    const response = await post(HELLO, { "x-stainless-timeout": "0.05" });
    expect(response.status).toBe(504);
  });

  test("keeps an open stream beyond the SDK's wait for headers", async () => {
    const { answer, goOn } = pauses();
    const { post } = await serve(answer);
    const patience = { "x-stainless-timeout": "0.1" };
    const response = await post({ ...HELLO, stream: true }, patience);
    expect((await post(HELLO, patience)).status, "the wait is over").toBe(504);
    goOn();
    expect(await response.text()).toContain("[DONE]");
  });
});

async function openRaw(port: number, body: unknown): Promise<IncomingMessage> {
  const path = "/v1/chat/completions";
  const request = httpRequest({ port, host: "127.0.0.1", method: "POST", path, headers: JSON_HEADERS });
  request.on("error", () => undefined).end(JSON.stringify(body));
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

async function* neverEnds(): AsyncGenerator<ReplyPart, void, undefined> {
  for (;;) yield { type: "text-delta", text: "x".repeat(64 * 1024) };
}

/** An answer that pauses until it may go on; the next request is never answered. */
function pauses(): { answer: Answer; goOn: () => void } {
  const pause = Promise.withResolvers<void>();
  let asked = 0;
  const answer: Answer = async function* (...of) {
    asked += 1;
    if (asked > 1) yield* hangs()(...of);
    yield { type: "text-delta", text: "Hel" };
    await pause.promise;
    yield { type: "text-delta", text: "lo" };
    yield { type: "end", finishReason: "stop" };
  };
  return { answer, goOn: pause.resolve };
}
