import type { Ask } from "../../src/turn/ask.ts";
import { NOTE, WEATHER } from "../support/turn-site.ts";

export interface HostileAnswer {
  readonly name: string;
  readonly wanted: Partial<Ask>;
  /** An answer of about so many characters; `§` stands for the boundary of the request. */
  readonly text: (characters: number) => string;
}

const TOOLS = { tools: [WEATHER, NOTE] };
const JSON_OBJECT = { format: { type: "json_object" } } as const;
const CALL = '<tool_call§ name="weather">{"city":"Bern"}</tool_call§>';

function repeated(piece: string, before = "", behind = ""): (characters: number) => string {
  return (characters) => before + piece.repeat(Math.ceil(characters / piece.length)) + behind;
}

function nested(open: string, close: string): (characters: number) => string {
  return (characters) => {
    const levels = Math.ceil(characters / (open.length + close.length));
    return open.repeat(levels) + close.repeat(levels);
  };
}

function stops(...stop: string[]): Partial<Ask> {
  return { stop };
}

/** What a site, or a model that somebody talked into it, may write to make the reading of its answer slow. */
export const HOSTILE_ANSWERS: readonly HostileAnswer[] = [
  { name: "a string of escaped quotes that never ends", wanted: JSON_OBJECT, text: repeated('\\"', '"') },
  { name: "an object with such a string", wanted: JSON_OBJECT, text: repeated('\\"', '{"a":"') },
  { name: "quotes", wanted: JSON_OBJECT, text: repeated('"') },
  { name: "backslashes", wanted: JSON_OBJECT, text: repeated("\\", '{"a":"') },
  { name: "opening brackets", wanted: JSON_OBJECT, text: repeated("[") },
  { name: "opening braces", wanted: JSON_OBJECT, text: repeated('{"a":') },
  { name: "small objects that are none", wanted: JSON_OBJECT, text: repeated("{a} ") },
  { name: "small objects that are wrong", wanted: JSON_OBJECT, text: repeated("[1] ") },
  { name: "commas with white space", wanted: JSON_OBJECT, text: repeated(", ", "{") },
  { name: "one comma and white space", wanted: JSON_OBJECT, text: repeated(" ", "{,") },
  { name: "fences that open", wanted: JSON_OBJECT, text: repeated("```json\n") },
  { name: "fences with white space", wanted: JSON_OBJECT, text: repeated("``` \t") },
  { name: "line breaks in a string", wanted: JSON_OBJECT, text: repeated("\n\t", '{"a":"', '"}') },
  { name: "lists in lists", wanted: JSON_OBJECT, text: nested("[", "]") },
  { name: "objects in objects", wanted: JSON_OBJECT, text: nested('{"a":', "}") },
  { name: "whole calls", wanted: TOOLS, text: repeated(CALL) },
  { name: "calls that never end", wanted: TOOLS, text: repeated('<tool_call§ name="weather">{"city":"') },
  { name: "calls that open", wanted: TOOLS, text: repeated("<tool_call§>") },
  { name: "calls that close", wanted: TOOLS, text: repeated("</tool_call§>", CALL) },
  {
    name: "a call of closing tags in a string",
    wanted: TOOLS,
    text: repeated("</tool_call> ", '<tool_call§ name="weather">{"city":"', '"}</tool_call§>'),
  },
  { name: "tags with an attribute that never ends", wanted: TOOLS, text: repeated('<tool_call a="') },
  { name: "a tag of many attributes", wanted: TOOLS, text: repeated(" a=b", "<tool_call") },
  { name: "a tag of white space", wanted: TOOLS, text: repeated(" ", "<tool_call§") },
  { name: "angle brackets", wanted: TOOLS, text: repeated("<") },
  { name: "fences around calls that are none", wanted: TOOLS, text: repeated("```xml\n<tool_call>\n```\n") },
  { name: "back-quotes", wanted: TOOLS, text: repeated("`") },
  { name: "the beginning of bare calls", wanted: TOOLS, text: repeated('{"name":"weather","arguments":{', "[") },
  { name: "a bare call that never ends", wanted: TOOLS, text: repeated("[", '{"name":"weather","arguments":') },
  {
    name: "a bare call with white space behind",
    wanted: TOOLS,
    text: repeated(" ", '{"name":"weather","arguments":{"city":"Bern"}}', "x"),
  },
  {
    name: "arguments of many members",
    wanted: TOOLS,
    text: repeated('"a":null,', '<tool_call§ name="weather">{', '"city":"Bern"}</tool_call§>'),
  },
  {
    name: "free text of tags",
    wanted: TOOLS,
    text: repeated("<tool_result>", '<tool_call§ name="note">', "</tool_call§>"),
  },
  { name: "the beginnings of one stop sequence", wanted: stops(`${"a".repeat(999)}b`), text: repeated("a") },
  {
    name: "the beginnings of many stop sequences",
    wanted: stops(...Array.from({ length: 64 }, (_, index) => `${"a".repeat(900 + index)}b`)),
    text: repeated("a"),
  },
  {
    name: "a stop sequence that nearly comes",
    wanted: stops(`${"ab".repeat(400)}c`),
    text: repeated(`${"ab".repeat(400)}d`),
  },
];
