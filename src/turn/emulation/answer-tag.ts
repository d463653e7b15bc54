import { tagName, type TagKind } from "../../chat.ts";

/** An opening or closing tag, with or without the boundary. Some models escape its underscores for Markdown. */
export const TAG = /<(\/?)(system|user|assistant|tool\\?_call|tool\\?_result)(?:\\?(_\d+))?(?![\w\\-])([^<>]*)>/gi;
const KINDS: readonly TagKind[] = ["system", "user", "assistant", "tool_call", "tool_result"];
/** Longer text is no tag. */
const MAX_TAG_CHARACTERS = 512;

export interface Tag {
  readonly text: string;
  readonly kind: string;
  readonly isClosing: boolean;
  readonly isMarked: boolean;
  readonly attributes: string;
}

/** The tag that `TAG` found. */
export function tagOf(match: RegExpExecArray, boundary: string): Tag {
  const [text, slash, kind = "", mark, attributes = ""] = match;
  return {
    text,
    kind: plain(kind),
    isClosing: slash === "/",
    isMarked: mark === markOf(boundary),
    attributes: attributes.trimEnd(),
  };
}

/** The value of an attribute, without white space around it. */
export function attribute(attributes: string, wanted: string): string | undefined {
  for (const [, name, quoted, single, bare] of attributes.matchAll(
    /([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'/]+))/g,
  )) {
    if (name?.toLowerCase() === wanted) return (quoted ?? single ?? bare)?.trim();
  }
  return undefined;
}

/** How many characters at the end may become a tag, or the boundary of a malformed tag. */
export function openTagCharacters(text: string, boundary: string, hasTools: boolean): number {
  const open = text.lastIndexOf("<");
  const rest = open < 0 ? "" : text.slice(open);
  const isOpen = rest !== "" && rest.length <= MAX_TAG_CHARACTERS && isOpenTag(rest, boundary, hasTools);
  return isOpen ? rest.length : hasTools ? openMarkCharacters(text, boundary) : 0;
}

function isOpenTag(rest: string, boundary: string, hasTools: boolean): boolean {
  const [start, name = ""] = TAG_START.exec(rest) ?? [];
  if (start === undefined || rest.includes(">")) return false;
  const written = plain(name);
  const marked = KINDS.map((kind) => tagName(kind, boundary));
  const isUnmarked = hasTools && /^tool_call(?:_\d*)?$/.test(written);
  if (start.length === rest.length) return isUnmarked || marked.some((tag) => tag.startsWith(written));
  return !/^[\w\\-]/.test(rest.slice(start.length)) && (isUnmarked || marked.includes(written));
}

/** The end of each tag's name. */
export function markOf(boundary: string): string {
  return `_${boundary}`;
}

function openMarkCharacters(text: string, boundary: string): number {
  const mark = markOf(boundary);
  for (let length = mark.length - 1; length > 0; length -= 1) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}

/** Whether text without a closing bracket is the beginning of a tag with the boundary. */
export function isTagStart(text: string, boundary: string): boolean {
  const [kind, mark] = plain(TAG_START.exec(text)?.[1] ?? "").split(/_(?=\d)/);
  return KINDS.some((known) => known === kind) && mark !== undefined && boundary.startsWith(mark);
}

/** The beginning of a call's tag, with or without the boundary. */
export const CALL_START = /^<\/?tool\\?_call/i;
const TAG_START = /^<\/?([a-z_\\]*\d*)/i;

function plain(name: string): string {
  return name.replaceAll("\\", "").toLowerCase();
}
