import { randomInt } from "node:crypto";
import type { Ask, Tool, ToolCallPart } from "./ask.ts";
import { readAnswer, type Piece, type WrittenCall } from "./call-text.ts";
import { checkerOf } from "./json-schema.ts";
import { compactJson, jsonFault, readJson } from "./json-text.ts";

type Prose = Extract<Piece, { type: "prose" }>;

/** What an answer's text holds when it holds a call. */
export interface ReadCalls {
  /** As the model wrote them. */
  readonly written: readonly Piece[];
  /** Calls that are right, and prose, in their order. */
  readonly pieces: readonly (Prose | ToolCallPart)[];
  /** What is wrong with the others, in words for the model. */
  readonly problems: readonly string[];
  /** Whether the text ended within a call. */
  readonly isCut: boolean;
}

type CallAsk = Pick<Ask, "tools" | "toolChoice" | "parallelToolCalls">;

/** The calls in an answer, whether in their tags or as an answer that is nothing but JSON; undefined when it has none. */
export function readCalls(text: string, ask: CallAsk): ReadCalls | undefined {
  const tagged = readAnswer(text).pieces;
  const all = tagged.some(({ type }) => type === "call") ? tagged : bareCalls(text, ask.tools);
  const first = all.findIndex(({ type }) => type === "call");
  if (first < 0) return undefined;
  const written = ask.parallelToolCalls ? all : all.slice(0, first + 1);
  const pieces: (Prose | ToolCallPart)[] = [];
  const problems: string[] = [];
  for (const piece of written) {
    const read = piece.type === "call" ? toCall(piece, ask) : piece;
    if (typeof read === "string") problems.push(read);
    else pieces.push(read);
  }
  return { written, pieces, problems, isCut: written.some((piece) => piece.type === "call" && !piece.isWhole) };
}

const ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function newCallId(): string {
  return `call_${Array.from({ length: 24 }, () => ID_CHARACTERS[randomInt(ID_CHARACTERS.length)]).join("")}`;
}

/** The call, or what is wrong with it. */
function toCall({ name: tagName, body }: WrittenCall, { tools, toolChoice }: CallAsk): ToolCallPart | string {
  const named = toolNamed(tools, tagName);
  if (named?.kind === "custom") return checkedChoice(named, withoutEdges(body), toolChoice);
  const read = body.trim() === "" ? { value: {} } : readJson(body);
  const wrapped = wrappedCall(read?.value);
  const isWrapped = wrapped && (!named || (toolNamed(tools, wrapped.name) === named && !hasProperty(named, "name")));
  const tool = named ?? toolNamed(tools, wrapped?.name);
  if (!tool) return unknownTool(tagName ?? wrapped?.name, tools);
  const value = isWrapped ? wrapped.input : read?.value;
  if (tool.kind === "custom") {
    return checkedChoice(tool, typeof value === "string" ? value : (compactJson(value) ?? ""), toolChoice);
  }
  if (!read) return `The arguments of ${quoted(tool.name)} are not valid JSON: ${jsonFault(body)}.`;
  const given = typeof value === "string" ? readJson(value)?.value : value;
  const problem = argumentsProblem(tool, given);
  return problem ?? checkedChoice(tool, compactJson(given) ?? "{}", toolChoice);
}

function checkedChoice(tool: Tool, given: string, choice: Ask["toolChoice"]): ToolCallPart | string {
  if (typeof choice === "object" && choice.name !== tool.name) {
    return `The tool to call is ${quoted(choice.name)}, not ${quoted(tool.name)}.`;
  }
  return { type: "tool-call", id: newCallId(), kind: tool.kind, name: tool.name, arguments: given };
}

function argumentsProblem(tool: Tool, given: unknown): string | undefined {
  if (!isRecord(given)) return `The arguments of ${quoted(tool.name)} are not a JSON object.`;
  if (compactJson(given) === undefined) return `The arguments of ${quoted(tool.name)} are nested too deep.`;
  const violations = tool.parameters ? checkerOf(tool.parameters, tool.param ?? "tools")(given) : [];
  if (violations.length === 0) return undefined;
  return `The arguments of ${quoted(tool.name)} do not meet its parameters: ${violations.join("; ")}.`;
}

function unknownTool(name: string | undefined, tools: readonly Tool[]): string {
  const known = tools.map((tool) => quoted(tool.name)).join(", ");
  return name === undefined
    ? `A call lacks the name of its tool. The tools are: ${known}.`
    : `There is no tool named ${quoted(name)}. The tools are: ${known}.`;
}

/** Some models put the name into a namespace that OpenAI's own use. */
function toolNamed(tools: readonly Tool[], name: string | undefined): Tool | undefined {
  return tools.find((tool) => tool.name === name) ?? tools.find((tool) => `functions.${tool.name}` === name);
}

const WRAPPER_KEYS = new Set(["name", "arguments", "parameters", "input", "id", "type", "function"]);

/** The forms that APIs have for a call: `{"name", "arguments"}`, perhaps within `function`. */
function wrappedCall(value: unknown): { readonly name: string; readonly input: unknown } | undefined {
  if (!isRecord(value) || !Object.keys(value).every((key) => WRAPPER_KEYS.has(key))) return undefined;
  const { name, function: inner } = value;
  if (isRecord(inner)) return wrappedCall(inner);
  const input = value["arguments"] ?? value["parameters"] ?? value["input"];
  return typeof name === "string" && input !== undefined ? { name, input } : undefined;
}

/** An answer that is nothing but such an object or a list of them, if all of them name tools. */
function bareCalls(text: string, tools: readonly Tool[]): readonly WrittenCall[] {
  const value = /^\s*[`{[]/.test(text) ? readJson(text)?.value : undefined;
  const list =
    isRecord(value) && Array.isArray(value["tool_calls"]) ? (value["tool_calls"] as unknown[]) : [value].flat();
  const calls = list.map((item) => {
    const call = wrappedCall(item);
    const body = typeof call?.input === "string" ? call.input : compactJson(call?.input);
    return call && toolNamed(tools, call.name) && body !== undefined
      ? ({ type: "call", name: call.name, body, end: text.length, isWhole: true, isSettled: true } as const)
      : undefined;
  });
  return calls.every((call) => call !== undefined) ? calls : [];
}

/** Tags of a custom tool may stand on lines of their own. */
function withoutEdges(body: string): string {
  return body.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
}

function hasProperty(tool: Tool, name: string): boolean {
  const properties = tool.parameters?.["properties"];
  return isRecord(properties) && Object.hasOwn(properties, name);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
