import type { AnswerPart } from "../turn/ask.ts";
import type { Answers } from "./dialect.ts";

type End = Extract<AnswerPart, { type: "end" }>;
type Content = Exclude<AnswerPart, End>;

/** One answer, complete. */
export interface WholeAnswer {
  readonly content: readonly Content[];
  readonly end: End;
}

/** Reads all answers to their ends. `Answer` makes sure that each has one. */
export async function wholeAnswers(answers: Answers): Promise<readonly WholeAnswer[]> {
  const contents: Content[][] = [];
  const wholes: WholeAnswer[] = [];
  for await (const item of answers) {
    if ("type" in item) continue;
    const { index, part } = item;
    const content = (contents[index] ??= []);
    if (part.type === "end") wholes[index] = { content, end: part };
    else content.push(part);
  }
  return wholes;
}

export function joinedText(content: readonly Content[], type: "text-delta" | "reasoning-delta"): string {
  return content.map((part) => (part.type === type ? part.text : "")).join("");
}
