import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "../../src/errors.ts";
import { openWorld, type World } from "../support/world.ts";

/** What each fault of the site must become, while there is one account only and so nothing to fail over to. */
const FAULTS: readonly (readonly [name: string, fault: Readonly<Record<string, unknown>>, code: ErrorCode])[] = [
  ["signs the account out (401)", { status: 401 }, "account_signed_out"],
  ["forbids (403)", { status: 403 }, "site_forbidden"],
  ["limits (429)", { status: 429, retryAfter: "1" }, "site_rate_limited"],
  ["moved (404)", { status: 404 }, "site_changed"],
  ["redirects", { redirectTo: "/elsewhere" }, "site_changed"],
  ["fails (500)", { status: 500 }, "site_failed"],
  ["fails (502)", { status: 502 }, "site_failed"],
  ["fails (503)", { status: 503 }, "site_failed"],
  ["answers nothing", { empty: true }, "reply_empty"],
  ["answers white space", { whitespace: true }, "reply_empty"],
  ["answers a page with status 200", { html: true }, "site_challenged"],
  ["asks for a challenge", { challenge: true }, "site_challenged"],
  ["hides an error in a 200", { jsonError: true }, "site_failed"],
  ["resets before it answers", { resetBeforeHeaders: true }, "site_unreachable"],
  ["is silent before the first byte", { firstByteDelayMs: 60_000 }, "site_timeout"],
  ["is silent before its headers", { delayMs: 60_000 }, "site_timeout"],
  ["answers without end", { hugeBytes: 10_000_000 }, "reply_too_large"],
];

let world: World;
beforeAll(async () => {
  world = await openWorld({
    accounts: ["alice"],
    // On a busy machine, a site that answers without end pauses for more than a second.
    settings: { FIRST_BYTE_TIMEOUT_SECONDS: "4", IDLE_TIMEOUT_SECONDS: "4", MAX_REPLY_BYTES: "2000000" },
  });
});
afterEach(async () => {
  // An account that failed is sound again before the next fault.
  await expect.poll(() => world.gateway.pool.states[0]?.state, { interval: 10 }).toBe("ready");
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function failure(prompt: string): Promise<InstanceType<typeof OpenAI.APIError>> {
  const outcome = await world.ask(prompt).catch((cause: unknown) => cause);
  if (!(outcome instanceof OpenAI.APIError)) throw new Error(`expected an API error, got ${String(outcome)}`);
  return outcome;
}

describe("each failure of the site has its own code, and is never an answer", () => {
  // 403 cools the account for a minute, so it goes to a world of its own below.
  test.each(FAULTS.filter(([, , code]) => code !== "site_forbidden"))("a site that %s", async (_name, fault, code) => {
    const error = await failure(`@sim ${JSON.stringify(fault)}`);
    expect({ code: error.code, status: error.status, type: error.type }).toEqual({
      code,
      status: ERRORS[code].status,
      type: ERRORS[code].type,
    });
    expect(error.headers?.get("x-should-retry")).toBe(String(ERRORS[code].clientRetry));
    await expect.poll(() => world.simulator.concurrency("alice")).toBe(0);
  });
});

describe("a failure in the middle of an answer", () => {
  test.each([
    ["stalls", { chunks: 3, stallAfterChunks: 2 }, "site_timeout"],
    ["resets", { chunks: 9, chunkDelayMs: 20, resetAfterChunks: 2 }, "reply_cut"],
  ])("a site that %s in mid-answer ends the stream with an error and keeps its text", async (_name, fault, code) => {
    const stream = await world.client.chat.completions.create({
      model: "gptomni",
      messages: [{ role: "user", content: `@sim ${JSON.stringify({ ...fault, chunkText: "part " })}` }],
      stream: true,
    });
    let text = "";
    const finishReasons: unknown[] = [];
    const outcome = await (async () => {
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? "";
        finishReasons.push(chunk.choices[0]?.finish_reason ?? null);
      }
    })().catch((cause: unknown) => cause);
    expect(outcome).toBeInstanceOf(OpenAI.APIError);
    expect((outcome as InstanceType<typeof OpenAI.APIError>).code).toBe(code);
    expect(text).toMatch(/^(part )+$/);
    expect(new Set(finishReasons)).toEqual(new Set([null]));
  });
});

test("an account that the site forbids is left alone, and says so", async () => {
  await using lone = await openWorld({ accounts: ["dora"] });
  await expect(lone.ask('@sim {"status":403}')).rejects.toMatchObject({ code: "site_forbidden", status: 502 });
  await expect.poll(() => lone.gateway.pool.states[0]?.state).toBe("cooldown");
});
