import { GatewayError } from "../../../errors.ts";
import type { AnswerEnd, AnswerPart } from "../../../turn/ask.ts";
import type { KeepAlive } from "../../../turn/keep-alive.ts";
import type { Choice } from "../../../turn/merge.ts";
import { pieces } from "../../../turn/pieces.ts";
import type { ReplyHead } from "../chat/reply.ts";
import type { Usage } from "../usage.ts";

/** How an answer is to be told. */
export interface CompletionForm {
  readonly head: ReplyHead;
  /** What each choice begins with. */
  readonly openings: readonly string[];
}

interface TextChoice {
  readonly text: string;
  readonly index: number;
  readonly logprobs: null;
  readonly finish_reason: AnswerEnd | null;
}

/** An answer in one piece, or a chunk of one: both have the same shape. */
export interface Completion extends ReplyHead {
  readonly object: "text_completion";
  readonly choices: readonly TextChoice[];
  readonly usage?: Usage | null;
}

/**
 * Parts → chunks: each choice's opening, its text, its finish alone, then token counts if `countUsage` was given.
 * There is no place for reasoning here, so it only shows that the answer goes on, as a keep-alive does.
 */
export async function* toCompletionChunks(
  parts: AsyncIterable<Choice | KeepAlive>,
  { head, openings }: CompletionForm,
  countUsage?: () => Promise<Usage>,
): AsyncGenerator<Completion, void, undefined> {
  const frame = { ...head, object: "text_completion" } as const;
  const chunk = (index: number, text: string, finishReason: AnswerEnd | null = null): Completion => ({
    ...frame,
    choices: [{ text, index, logprobs: null, finish_reason: finishReason }],
    ...(countUsage && { usage: null }),
  });
  const openingChunks = [...openings.entries()]
    .filter(([, text]) => text !== "")
    .flatMap(([index, text]) => [...pieces(text)].map((piece) => chunk(index, piece)));
  const running = new Set(openings.keys());
  let isOpen = false;
  for await (const item of parts) {
    if (!isOpen) yield* openingChunks;
    isOpen = true;
    if ("type" in item) {
      const [waiting = 0] = running;
      yield chunk(waiting, "");
    } else if (item.part.type === "end") {
      running.delete(item.index);
      yield chunk(item.index, "", item.part.finishReason);
    } else {
      for (const piece of pieces(textOf(item.part))) yield chunk(item.index, piece);
    }
  }
  if (running.size > 0) throw cutShort();
  if (countUsage) yield { ...frame, choices: [], usage: await countUsage() };
}

/** Parts → one completion. */
export async function toWholeCompletion(
  parts: AsyncIterable<Choice | KeepAlive>,
  { head, openings }: CompletionForm,
  countUsage: () => Promise<Usage>,
): Promise<Completion> {
  const texts = [...openings];
  const ends: (AnswerEnd | undefined)[] = openings.map(() => undefined);
  for await (const item of parts) {
    if ("type" in item) continue;
    const { index, part } = item;
    if (part.type === "end") ends[index] = part.finishReason;
    else texts[index] += textOf(part);
  }
  const choices = texts.map((text, index): TextChoice => {
    const end = ends[index];
    if (!end) throw cutShort();
    return { text, index, logprobs: null, finish_reason: end };
  });
  return { ...head, object: "text_completion", choices, usage: await countUsage() };
}

function textOf(part: AnswerPart): string {
  return part.type === "text-delta" ? part.text : "";
}

function cutShort(): GatewayError {
  return new GatewayError("reply_cut", "The answer ended before it was complete.");
}
