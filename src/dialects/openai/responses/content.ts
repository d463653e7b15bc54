/** Content of an item: a string, or parts of which only some are text. */

import { isAttachment, wordsOf } from "../../../turn/block-words.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What one part says, or what stands in its place. */
export type ReadPart =
  | { readonly kind: "text" | "refusal"; readonly text: string }
  /** Nothing that the model can take; `note` tells the model so. */
  | { readonly kind: "attachment"; readonly type: string; readonly note: string }
  | { readonly kind: "unreadable"; readonly type: string };

export interface ReadText {
  readonly text: string;
  /** Types of the parts that the model does not get. */
  readonly missed: readonly string[];
}

export function readParts(content: unknown): readonly ReadPart[] {
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) return [readPart(content)];
  return (content as readonly unknown[]).map(readPart);
}

export function readText(content: unknown): ReadText {
  const parts = readParts(content);
  const missed = parts.flatMap((part) => ("type" in part ? [part.type] : []));
  return { text: joined(parts), missed };
}

/** A field's text; undefined unless it is a string that says something. */
export function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A note stands on a line of its own. */
function joined(parts: readonly ReadPart[]): string {
  const last = parts.findLastIndex(({ kind }) => kind !== "unreadable");
  let isLineStart = true;
  const texts = parts.map((part, index) => {
    if (part.kind === "unreadable") return "";
    const isNote = part.kind === "attachment";
    const text = isNote ? `${isLineStart ? "" : "\n"}${part.note}${index === last ? "" : "\n"}` : part.text;
    if (text !== "") isLineStart = text.endsWith("\n");
    return text;
  });
  return texts.join("");
}

function readPart(part: unknown): ReadPart {
  if (typeof part === "string") return { kind: "text", text: part };
  if (!isFields(part)) return { kind: "unreadable", type: typeof part };
  const type = textField(part, "type") ?? "untyped";
  const { text, refusal } = part;
  if (typeof text === "string") return { kind: "text", text };
  if (typeof refusal === "string") return { kind: "refusal", text: refusal };
  const words = wordsOf(part);
  if (words === undefined) return { kind: "unreadable", type };
  return isAttachment(part) ? { kind: "attachment", type, note: words } : { kind: "text", text: words };
}
