import type { Answers } from "../../src/dialects/dialect.ts";
import type { AnswerPart } from "../../src/turn/ask.ts";

/** A single answer of these parts, which costs a token of prompt and one of completion. */
export function answersOf(...parts: readonly AnswerPart[]): Answers {
  return {
    async *[Symbol.asyncIterator]() {
      for (const part of parts) yield { index: 0, part };
    },
    countPromptTokens: async () => 1,
    countTokens: async () => ({ prompt: 1, completion: 1, reasoning: 0 }),
  };
}
