import type { z } from "zod";
import type { AnswerEnd } from "../../../turn/ask.ts";
import { pieces } from "../../../turn/pieces.ts";
import type { Answers } from "../../dialect.ts";
import { joinedText, wholeAnswers } from "../../whole-answers.ts";
import { newReplyHead } from "../chat/reply.ts";
import { toUsage } from "../usage.ts";
import type { completionSchema } from "./answer-schema.ts";
import type { CompletionRequest } from "./request.ts";

export type Completion = z.infer<typeof completionSchema>;

/**
 * Parts → chunks: each choice's opening, its text, its finish alone, then token counts if they were asked for.
 * There is no place for reasoning here, so it only shows that the answer goes on, as a keep-alive does.
 */
export async function* toCompletionChunks(
  answers: Answers,
  { ask, openings, includeUsage }: CompletionRequest,
): AsyncGenerator<Completion, void, undefined> {
  const frame = { ...newReplyHead(ask.chat.model, "cmpl"), object: "text_completion" } as const;
  const chunk = (index: number, text: string, finishReason: AnswerEnd | null = null): Completion => ({
    ...frame,
    choices: [{ text, index, logprobs: null, finish_reason: finishReason }],
    ...(includeUsage && { usage: null }),
  });
  const openingChunks = [...openings.entries()]
    .filter(([, text]) => text !== "")
    .flatMap(([index, text]) => [...pieces(text)].map((piece) => chunk(index, piece)));
  const running = new Set(openings.keys());
  let isOpen = false;
  for await (const item of answers) {
    if (!isOpen) yield* openingChunks;
    isOpen = true;
    if ("type" in item) {
      const [waiting = 0] = running;
      yield chunk(waiting, "");
    } else if (item.part.type === "end") {
      running.delete(item.index);
      yield chunk(item.index, "", item.part.finishReason);
    } else {
      const text = item.part.type === "text-delta" ? item.part.text : "";
      for (const piece of pieces(text)) yield chunk(item.index, piece);
    }
  }
  if (includeUsage) yield { ...frame, choices: [], usage: toUsage(await answers.countTokens()) };
}

/** Parts → one completion. */
export async function toWholeCompletion(answers: Answers, { ask, openings }: CompletionRequest): Promise<Completion> {
  const head = newReplyHead(ask.chat.model, "cmpl");
  const choices = (await wholeAnswers(answers)).map(({ content, end }, index): Completion["choices"][number] => {
    const text = (openings[index] ?? "") + joinedText(content, "text-delta");
    return { text, index, logprobs: null, finish_reason: end.finishReason };
  });
  return { ...head, object: "text_completion", choices, usage: toUsage(await answers.countTokens()) };
}
