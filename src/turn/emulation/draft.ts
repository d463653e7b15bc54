import type { AnswerPart, Ask } from "../ask.ts";
import { replyCut } from "../reply-cut.ts";
import type { TextPart } from "../stop-sequences.ts";
import { AnswerReader, type ReadAnswer } from "./answer-reader.ts";

export type End = Extract<AnswerPart, { type: "end" }>;

/** The model's answer as it was read, before it is checked. */
export interface Draft extends ReadAnswer {
  readonly end: End;
}

/** A model that makes more calls in one turn repeats itself: the turn ends there. */
const MAX_CALLS = 128;

/** Reads an answer as it arrives. Prose is passed on at once, unless the request demands a call or JSON. */
export async function* readDraft(
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

/** Reads the answer to a repair and passes nothing on: the caller has not seen the fault, so reasoning about it would puzzle. */
export async function readRepair(parts: AsyncIterable<TextPart>, ask: Ask, boundary: string): Promise<Draft> {
  const draft = readDraft(parts, ask, boundary, false);
  for (;;) {
    const step = await draft.next();
    if (step.done) return step.value;
  }
}
