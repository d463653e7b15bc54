import { countTokens as countWhole } from "gpt-tokenizer/encoding/o200k_base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countTokens, warmTokenizer } from "../../src/turn/tokens.ts";
import { eventLoopDuring, leastCpuMs } from "../support/event-loop.ts";
import { answered, ScriptedSite } from "../support/turn-site.ts";

const PROSE = "The quick brown fox, said to be 3 years old, doesn't jump;\n\n  it sleeps (mostly).\tWhy?\r\n".repeat(
  100,
);

const ROUNDS = 5;
/** Four times the length takes sixteen times as long where time grows with the square. */
const MOST_GROWTH = 8;
const BELOW_THE_CLOCK_MS = 5;

function pieces(text: string, size: number): string[] {
  const all = Array.from(text);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size).join(""),
  );
}

test.each([
  ["prose", PROSE],
  ["ideographs", "今天天气很好，我们去公园散步吧。".repeat(300)],
  ["emoji", "😀👩‍👩‍👧".repeat(500)],
  ["one letter", "a".repeat(9_000)],
  ["line breaks", "\n".repeat(9_000)],
])("%s are cut after the wanted number of tokens, in any pieces", async (_name, text) => {
  for (const maxTokens of [1, 2, 7, 100, 600]) {
    const texts = await Promise.all(
      [1, 3, 1_000, text.length].map(async (size) => {
        const given = await answered(new ScriptedSite(pieces(text, size)), { maxTokens });
        const tokens = await countTokens(given.text);
        const total = await countTokens(text);
        expect(given.finishReason).toBe(total > maxTokens ? "length" : "stop");
        expect(tokens).toBeLessThanOrEqual(Math.min(maxTokens, total));
        // A character may be three tokens, and is given as a whole.
        expect(tokens).toBeGreaterThan(Math.min(maxTokens, total) - 3);
        expect(given.text.isWellFormed()).toBe(true);
        expect(text.startsWith(given.text)).toBe(true);
        return given.text;
      }),
    );
    expect(new Set(texts.map((one) => one.length)).size).toBeLessThanOrEqual(2);
  }
});

test("what the limit just holds ends as the site ends it", async () => {
  const maxTokens = countWhole(PROSE);
  expect(await answered(new ScriptedSite(pieces(PROSE, 5)), { maxTokens })).toMatchObject({
    text: PROSE,
    finishReason: "stop",
  });
  const cut = await answered(new ScriptedSite(pieces(PROSE, 5)), { maxTokens: maxTokens - 1 });
  expect(cut.finishReason).toBe("length");
  expect(PROSE.startsWith(cut.text)).toBe(true);
});

test("any text is cut to no more than the limit, and only when it exceeds it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", maxLength: 20 })),
      fc.integer({ min: 1, max: 40 }),
      async (texts, maxTokens) => {
        const text = texts.join("");
        const given = await answered(new ScriptedSite(texts), { maxTokens });
        expect(await countTokens(given.text)).toBeLessThanOrEqual(maxTokens + 1);
        expect(given.finishReason).toBe((await countTokens(text)) > maxTokens ? "length" : "stop");
        expect(given.text === text || given.finishReason === "length").toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("nothing more is pulled once the limit is reached", async () => {
  const site = new ScriptedSite([" one", " two", " three", " four", " five"]);
  expect(await answered(site, { maxTokens: 2 })).toMatchObject({ text: " one two", finishReason: "length" });
  expect(site).toMatchObject({ pulled: 3, left: 1 });
});

test("a stop sequence before the limit ends the answer", async () => {
  const given = await answered(new ScriptedSite(["one two STOP three"]), { stop: ["STOP"], maxTokens: 50 });
  expect(given).toMatchObject({ text: "one two ", finishReason: "stop" });
});

test.each([20_000, 1, 7])("equal characters are limited in linear time, in pieces of %d", async (size) => {
  await warmTokenizer();
  for (const maxTokens of [100, 1_000, 2_450, 50_000]) {
    const limited = (characters: number) => async () => {
      const { text } = await answered(new ScriptedSite(pieces("a".repeat(characters), size)), { maxTokens });
      expect(Math.abs((await countTokens(text)) - Math.min(maxTokens, characters / 8))).toBeLessThanOrEqual(1);
    };
    let growth = Infinity;
    // Other work on the machine makes some rounds slower, and none of them quicker.
    for (let round = 0; round < ROUNDS && growth >= MOST_GROWTH; round += 1) {
      const quarterMs = await leastCpuMs(limited(5_000));
      growth = ((await leastCpuMs(limited(20_000))) - BELOW_THE_CLOCK_MS) / quarterMs;
    }
    expect(growth).toBeLessThan(MOST_GROWTH);
  }
});

test("limiting a long answer in one piece does not hold up others", async () => {
  await warmTokenizer();
  const text = `${"b".repeat(1_999)} `.repeat(500);
  const { turns, cpuMs } = await eventLoopDuring(async () => {
    expect((await answered(new ScriptedSite(text), { maxTokens: 100_000 })).finishReason).toBe("length");
  });
  expect(turns).toBeGreaterThanOrEqual(Math.floor(cpuMs / 50));
});
