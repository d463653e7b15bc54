import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReplyPart } from "../../src/chat.ts";
import { cutAtStop } from "../../src/turn/stop-sequences.ts";

async function* parts(texts: readonly string[]): AsyncGenerator<ReplyPart, void, undefined> {
  for (const text of texts) yield { type: "text-delta", text };
  yield { type: "end", finishReason: "length" };
}

async function cut(texts: readonly string[], stops: readonly string[]) {
  const cutParts = await Array.fromAsync(cutAtStop(parts(texts), stops));
  const end = cutParts.at(-1);
  const deltas = cutParts.flatMap((part) => (part.type === "text-delta" ? [part.text] : []));
  return { text: deltas.join(""), deltas, finishReason: end?.type === "end" ? end.finishReason : undefined };
}

test.each([
  ["in one part", ["abSTOPcd"], ["STOP"], { text: "ab", finishReason: "stop" }],
  ["a character at a time", "abSTOPcd".split(""), ["STOP"], { text: "ab", finishReason: "stop" }],
  ["at the very start", ["STOPcd"], ["STOP"], { text: "", finishReason: "stop" }],
  ["at the very end", ["ab", "ST", "OP"], ["STOP"], { text: "ab", finishReason: "stop" }],
  ["after a false start", ["abSTO", "SSTOP"], ["STOP"], { text: "abSTOS", finishReason: "stop" }],
  ["not at all", ["abSTO"], ["STOP"], { text: "abSTO", finishReason: "length" }],
  ["by the sequence that is complete first", ["abcdef"], ["abcdef", "cd"], { text: "ab", finishReason: "stop" }],
  ["the same, a character at a time", "abcdef".split(""), ["abcdef", "cd"], { text: "ab", finishReason: "stop" }],
  ["of one character", ["a.b"], ["."], { text: "a", finishReason: "stop" }],
])("an answer is cut %s", async (_name, texts, stops, answer) => {
  expect(await cut(texts, stops)).toMatchObject(answer);
});

test("text that could still become a stop sequence never splits a character", async () => {
  const { deltas, text } = await cut(["a😀b", "😀😀c"], ["xyz"]);
  expect(text).toBe("a😀b😀😀c");
  expect(deltas.every((delta) => delta.isWellFormed())).toBe(true);
});

test("text that cannot begin a stop sequence is not held back", async () => {
  const { deltas } = await cut(["one two", " three E", "ND four"], ["END", "xyz"]);
  expect(deltas).toEqual(["one two", " three "]);
});

test("whatever the sequences and the borders, an answer is cut where the first sequence is complete", async () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "😀"), minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.array(word, { maxLength: 12 }),
      async (stops, texts) => {
        const whole = texts.join("");
        const ends = stops
          .map((stop) => ({ stop, end: whole.indexOf(stop) + stop.length }))
          .filter(({ stop }) => whole.includes(stop));
        const [first] = ends.sort((one, other) => one.end - other.end || other.stop.length - one.stop.length);
        const { text, finishReason } = await cut(texts, stops);
        expect(text).toBe(first ? whole.slice(0, first.end - first.stop.length) : whole);
        expect(finishReason).toBe(first ? "stop" : "length");
      },
    ),
  );
});
