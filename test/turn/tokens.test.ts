import { eventLoopDuring } from "../support/event-loop.ts";
import { countTokens as countWhole } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { countTokens } from "../../src/turn/tokens.ts";

const PROSE = "The quick brown fox, said to be 3 years old, doesn't jump;\n\n  it sleeps (mostly).\tWhy?\r\n".repeat(
  400,
);

/** Of the event loop, for counting alone. */
const MOST_CPU_MS_A_TURN = 50;

test.each([
  ["nothing", ""],
  ["prose", PROSE],
  ["code", 'function add(a, b) {\n    return a + b; // "sum"\n}\n\n'.repeat(300)],
  ["special tokens", "a <|endoftext|> b ".repeat(5)],
])("%s counts as many tokens in slices as at once", async (_name, text) => {
  expect(await countTokens(text)).toBe(countWhole(text, { disallowedSpecial: new Set() }));
});

test("text without spaces counts nearly the same", async () => {
  const text = "今天天气很好，我们去公园散步吧。".repeat(1_000);
  expect(Math.abs((await countTokens(text)) / countWhole(text) - 1)).toBeLessThan(0.01);
});

test.each([
  ["one letter", "a".repeat(400_000)],
  ["spaces", " ".repeat(400_000)],
  ["line breaks", "\n".repeat(400_000)],
  ["one sign", "=".repeat(400_000)],
  ["emoji", "😀".repeat(100_000)],
  ["ideographs", "的".repeat(200_000)],
  ["letters with spaces far apart", `${"b".repeat(1_999)} `.repeat(200)],
])("counting a long run of %s does not hold up others", async (_name, text) => {
  await countTokens("warm");
  const { turns, cpuMs } = await eventLoopDuring(async () => expect(await countTokens(text)).toBeGreaterThan(0));
  expect(turns).toBeGreaterThanOrEqual(Math.floor(cpuMs / MOST_CPU_MS_A_TURN));
});
