import type { ReplyPart } from "../../src/chat.ts";

/** A part of a model's answer, with the request's own boundary where the text has `§`, as in `<tool_call§ name="ping">`. */
export function marked(part: ReplyPart, boundary: string): ReplyPart {
  return part.type === "text-delta" ? { ...part, text: part.text.replaceAll("§", `_${boundary}`) } : part;
}
