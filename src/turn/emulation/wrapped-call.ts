import type { Tool } from "../ask.ts";
import type { WrittenCall } from "./answer-reader.ts";
import { elementsOf, membersOf } from "./json-members.ts";
import { compactText, MAX_REWRITTEN_CHARACTERS } from "./json-rewrite.ts";
import { readJson } from "./json-text.ts";
import { toolNamed } from "./tool-name.ts";

/** A call in the form that an API has for it, e.g. `{"name", "arguments"}`. */
export interface WrappedCall {
  readonly name: string;
  /** The arguments as written: JSON text, or the content of a string. */
  readonly input: string;
}

const WRAPPER_KEYS = new Set(["name", "arguments", "parameters", "input", "id", "type", "function"]);

/** The call inside a JSON object, or inside its `function`. */
export function wrappedCall(json: string): WrappedCall | undefined {
  const compact = compactText(json);
  if (!compact.startsWith("{") || compact.length > MAX_REWRITTEN_CHARACTERS) return undefined;
  const members = new Map(membersOf(compact).map(({ key, value }) => [key, value]));
  if (![...members.keys()].every((key) => WRAPPER_KEYS.has(key))) return undefined;
  const inner = members.get("function");
  if (inner?.startsWith("{")) return wrappedCall(inner);
  const name = stringOf(members.get("name"));
  const input = ["arguments", "parameters", "input"]
    .map((key) => members.get(key))
    .find((text) => text && text !== "null");
  return name === undefined || input === undefined ? undefined : { name, input: stringOf(input) ?? input };
}

/** The text for a custom tool inside `{"input": text}`, or inside a call of the tool with such arguments. */
export function wrappedText(body: string, toolName: string): string | undefined {
  const read = /^\s*\{/.test(body) && body.length <= MAX_REWRITTEN_CHARACTERS ? readJson(body) : undefined;
  if (!read) return undefined;
  const wrapped = wrappedCall(read.text);
  if (wrapped) return wrapped.name === toolName ? (wrappedText(wrapped.input, toolName) ?? wrapped.input) : undefined;
  const [member, ...others] = membersOf(compactText(read.text));
  return member?.key === "input" && others.length === 0 ? stringOf(member.value) : undefined;
}

/** The calls of an answer that is only one such object or a list of them, if each names a tool. */
export function bareCalls(text: string, tools: readonly Tool[]): readonly WrittenCall[] {
  const read = /^\s*[`{[]/.test(text) && text.length <= MAX_REWRITTEN_CHARACTERS ? readJson(text) : undefined;
  if (!read) return [];
  const calls = itemsOf(compactText(read.text)).map((item) => wrappedCall(item));
  if (!calls.every((call) => call && typeof toolNamed(tools, { name: call.name }) === "object")) return [];
  return calls.flatMap((call) =>
    call ? [{ type: "call", name: call.name, namespace: undefined, body: call.input, isClosed: true }] : [],
  );
}

function itemsOf(json: string): readonly string[] {
  if (json.startsWith("[")) return elementsOf(json);
  if (!json.startsWith("{")) return [];
  const calls = membersOf(json).find(({ key }) => key === "tool_calls")?.value;
  return calls?.startsWith("[") ? elementsOf(calls) : [json];
}

function stringOf(json: string | undefined): string | undefined {
  return json?.startsWith('"') ? (JSON.parse(json) as string) : undefined;
}
