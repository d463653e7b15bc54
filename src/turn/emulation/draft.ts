import type { AnswerPart, Ask } from "../ask.ts";
import { replyCut } from "../reply-cut.ts";
import type { TextPart } from "../stop-sequences.ts";
import { AnswerReader, type ReadAnswer } from "./answer-reader.ts";

export type End = Extract<AnswerPart, { type: "end" }>;

/** An answer as the site gave it. */
export interface Draft extends ReadAnswer {
  readonly end: End;
}

/** More calls in one turn are the slip of a model that repeats itself: the turn ends there. */
const MAX_CALLS = 128;

/** Reads an answer as it comes. Prose passes at once, unless a demand could prove it wrong. */
export async function* drafted(
  parts: AsyncIterable<TextPart>,
  ask: Ask,
  boundary: string,
  passesProse = ask.toolChoice === "auto" && ask.format.type === "text",
): AsyncGenerator<TextPart, Draft, undefined> {
  const toolNames = new Set(ask.tools.map(({ name }) => name));
  const maxCalls = ask.parallelToolCalls ? MAX_CALLS : 1;
  const reader = new AnswerReader({ boundary, toolNames, passesProse, maxCalls });
  for await (const part of parts) {
    if (part.type === "end") {
      const isCut = part.finishReason !== "stop" || part.stopSequence !== undefined;
      return { ...reader.finish(isCut), end: part };
    }
    if (part.type === "reasoning-delta") {
      yield part;
      continue;
    }
    const prose = reader.push(part.text);
    if (prose !== "") yield { type: "text-delta", text: prose };
    if (reader.isOver) return { ...reader.finish(), end: { type: "end", finishReason: "stop" } };
  }
  throw replyCut();
}

/** Reads the answer to a repair. The caller has not seen what was wrong, so the model's thoughts about it are not for the caller. */
export async function quietly(parts: AsyncIterable<TextPart>, ask: Ask, boundary: string): Promise<Draft> {
  const draft = drafted(parts, ask, boundary, false);
  for (;;) {
    const step = await draft.next();
    if (step.done) return step.value;
  }
}
