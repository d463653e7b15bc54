import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { GatewayError } from "../../src/errors.ts";
import type { KeyLimits } from "../../src/http/api-keys.ts";
import type { Admission } from "../../src/http/key-quotas.ts";
import { countersOf } from "../../src/keys/open-keys.ts";
import { Quotas } from "../../src/keys/quotas.ts";
import { ENGINES, type Engine } from "../support/engines.ts";
import { keyFolder, type KeyFolder } from "../support/key-store.ts";

const log = { warn: () => undefined };

/** Of one gateway with a store of its own. */
async function openQuotas(engine: Engine): Promise<Quotas> {
  return quotasOf(await keyFolder(engine));
}

async function quotasOf(folder: KeyFolder): Promise<Quotas> {
  const store = await folder.openStore();
  onTestFinished(() => store[Symbol.asyncDispose]());
  const counters = await countersOf(store, { log });
  onTestFinished(() => counters[Symbol.asyncDispose]());
  return new Quotas(counters);
}

function keyWith(limits: KeyLimits, keyId = "anna") {
  return { keyId, name: keyId, limits, models: undefined };
}

/** Asks at once so many times, with a prompt of so many tokens; tells what came of each. */
async function ask(quotas: Quotas, limits: KeyLimits, times: number, tokens = 0) {
  const asked = Array.from({ length: times }, () => quotas.admit(keyWith(limits), async () => tokens));
  const settled = await Promise.allSettled(asked);
  return settled.map((one) => (one.status === "fulfilled" ? "in" : (one.reason as { code: string }).code));
}

describe.each(ENGINES)("limits on %s", (engine) => {
  test.each([
    ["requests per minute", { requestsPerMinute: 3 }],
    ["requests per day", { requestsPerDay: 3 }],
    ["the lower of two limits", { requestsPerMinute: 10, requestsPerDay: 3 }],
    ["requests at the same time", { parallel: 3 }],
  ])("a key with a limit of %s gets as many at once, and no more", async (_name, limits) => {
    const quotas = await openQuotas(engine);
    const answers = await ask(quotas, limits, 5);
    const refused = "key_rate_limit_exceeded";
    expect(answers.toSorted()).toEqual(["in", "in", "in", refused, refused]);
    expect(Math.min(...Object.values(await quotas.remaining(keyWith(limits))))).toBe(0);
    // Another key has limits of its own.
    await expect(quotas.admit(keyWith(limits, "ben"), async () => 0)).resolves.toBeDefined();
  });

  test("what is refused is not counted", async () => {
    const quotas = await openQuotas(engine);
    const limits = { requestsPerMinute: 5, tokensPerMinute: 100 };
    await ask(quotas, limits, 1, 80);
    expect(await ask(quotas, limits, 3, 50)).toEqual(Array<string>(3).fill("key_rate_limit_exceeded"));
    expect(await quotas.remaining(keyWith(limits))).toEqual({ requestsPerMinute: 4, tokensPerMinute: 20 });
    expect(await ask(quotas, limits, 1, 20)).toEqual(["in"]);
  });

  test("a refusal says which limit was reached and when to come back", async () => {
    const quotas = await openQuotas(engine);
    await ask(quotas, { requestsPerMinute: 1 }, 1);
    const refused = await quotas
      .admit(keyWith({ requestsPerMinute: 1 }), async () => 0)
      .catch((cause: unknown) => cause as GatewayError);
    expect(refused).toMatchObject({ message: "This key may use 1 requests per minute." });
    const { retryAfterMs } = refused as GatewayError;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test("an answer's tokens are charged when it ends, and what was assumed too much is given back", async () => {
    const quotas = await openQuotas(engine);
    const limits = { tokensPerMinute: 1000, tokensPerDay: 5000 };
    const key = keyWith(limits);
    const long = await quotas.admit(key, async () => 100);
    await long?.charge(700);
    expect(await quotas.remaining(key)).toEqual({ tokensPerMinute: 300, tokensPerDay: 4300 });
    const failed = await quotas.admit(key, async () => 200);
    expect(await quotas.remaining(key)).toEqual({ tokensPerMinute: 100, tokensPerDay: 4100 });
    await failed?.charge(0);
    expect(await quotas.remaining(key)).toEqual({ tokensPerMinute: 300, tokensPerDay: 4300 });
    await (await quotas.admit(key, async () => 10))?.charge(2000);
    expect(await quotas.remaining(key)).toEqual({ tokensPerMinute: 0, tokensPerDay: 2300 });
    expect(await ask(quotas, limits, 1, 1)).toEqual(["key_rate_limit_exceeded"]);
  });

  test("a prompt that can never fit is refused for good", async () => {
    const quotas = await openQuotas(engine);
    expect(await ask(quotas, { tokensPerMinute: 10 }, 1, 11)).toEqual(["prompt_exceeds_key_limit"]);
  });

  test("a prompt that cannot be counted takes no place among the requests at the same time", async () => {
    const quotas = await openQuotas(engine);
    const key = keyWith({ parallel: 1, tokensPerDay: 10 });
    await expect(quotas.admit(key, () => Promise.reject(new Error("no tokenizer")))).rejects.toThrow("no tokenizer");
    await expect(quotas.admit(key, async () => 1)).resolves.toBeDefined();
  });

  test("a key that has used up a limit is refused before its tokens are counted", async () => {
    const quotas = await openQuotas(engine);
    const limits = { requestsPerDay: 1, tokensPerDay: 1000 };
    await ask(quotas, limits, 1, 10);
    let counted = 0;
    const again = quotas.admit(keyWith(limits), async () => (counted += 1));
    await expect(again).rejects.toMatchObject({ code: "key_rate_limit_exceeded" });
    expect(counted).toBe(0);
  });

  test("no order of requests, ends and charges takes more than there is, or keeps a place", async () => {
    const limits = { requestsPerDay: 12, tokensPerDay: 200, parallel: 3 };
    const quotas = await openQuotas(engine);
    let runs = 0;
    const step = fc.oneof(
      fc.record({ do: fc.constant("ask" as const), tokens: fc.nat(120) }),
      fc.record({ do: fc.constant("end" as const), tokens: fc.nat(120) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const key = keyWith(limits, `anna-${(runs += 1)}`);
        const running: { readonly admission: Admission; readonly assumed: number }[] = [];
        let [requests, tokens] = [0, 0];
        for (const one of steps) {
          const hasRoom = running.length < 3 && requests < 12 && tokens < 200 && tokens + one.tokens <= 200;
          let isRight = true;
          if (one.do === "ask") {
            const admission = await quotas.admit(key, async () => one.tokens).catch(() => undefined);
            isRight = (admission !== undefined) === hasRoom;
            if (admission) running.push({ admission, assumed: one.tokens });
            requests += admission ? 1 : 0;
            tokens += admission ? one.tokens : 0;
          } else {
            const ended = running.shift();
            ended?.admission.end();
            await ended?.admission.charge(one.tokens);
            tokens += ended ? one.tokens - ended.assumed : 0;
          }
          const left = {
            requestsPerDay: 12 - requests,
            tokensPerDay: Math.max(0, 200 - tokens),
            parallel: 3 - running.length,
          };
          expect([isRight, await quotas.remaining(key)]).toEqual([true, left]);
        }
      }),
      { numRuns: engine === "SQLite" ? 50 : 10 },
    );
  });

  test("a changed limit holds for what was used already", async () => {
    const quotas = await openQuotas(engine);
    await ask(quotas, { requestsPerDay: 5 }, 4);
    expect(await ask(quotas, { requestsPerDay: 3 }, 1)).toEqual(["key_rate_limit_exceeded"]);
    const answers = await ask(quotas, { requestsPerDay: 6 }, 3);
    // Which one is refused is up to the database.
    expect(answers.toSorted()).toEqual(["in", "in", "key_rate_limit_exceeded"]);
  });

  test("what a key used of its day survives a restart", async () => {
    const folder = await keyFolder(engine);
    const limits = { requestsPerDay: 5, requestsPerMinute: 5, tokensPerDay: 100 };
    const run = async (work: (quotas: Quotas) => Promise<void>): Promise<void> => {
      await using store = await folder.openStore();
      await using counters = await countersOf(store, { log });
      await work(new Quotas(counters));
    };
    await run(async (quotas) => void (await ask(quotas, limits, 3, 20)));
    await run(async (quotas) => {
      expect(await quotas.remaining(keyWith(limits))).toEqual({
        requestsPerDay: 2,
        requestsPerMinute: engine === "SQLite" ? 5 : 2,
        tokensPerDay: 40,
      });
      await ask(quotas, limits, 1, 20);
    });
    await run(async (quotas) => {
      expect((await quotas.readings(keyWith(limits))).requests).toMatchObject({ limit: 5, remaining: 1 });
    });
  });
});
