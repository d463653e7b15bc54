import { randomInt } from "node:crypto";
import type { Ask, Tool, ToolCallPart } from "../ask.ts";
import { violationsOf } from "../schema/schema-checker.ts";
import type { Piece, WrittenCall } from "./answer-reader.ts";
import { fittedArguments } from "./arguments.ts";
import { compactText } from "./json-rewrite.ts";
import { jsonDepth, jsonEnd, jsonFault, readJson, type JsonRead } from "./json-text.ts";
import { quoted, toolNamed } from "./tool-name.ts";
import { wrappedCall, wrappedText } from "./wrapped-call.ts";

type Prose = Extract<Piece, { type: "prose" }>;

/** What is wrong with a call. */
export interface CallProblem {
  /** In words for the model. */
  readonly text: string;
  /** The called tool, if it is known. */
  readonly toolName?: string;
}

/** An answer's text with at least one call. */
export interface ReadCalls {
  /** As the model wrote them. */
  readonly written: readonly Piece[];
  /** Correct calls and prose, in order. */
  readonly pieces: readonly (Prose | ToolCallPart)[];
  /** What is wrong with the other calls. */
  readonly problems: readonly CallProblem[];
  /** Whether the answer was cut inside a call. That call is left out. */
  readonly isCut: boolean;
}

/** The client sends the call back in its next body, which may be 64 levels deep. */
const MAX_DEPTH = 48;

export type CallAsk = Pick<Ask, "tools" | "toolChoice" | "parallelToolCalls">;

/** Reads the calls among the pieces; undefined if there are none. `isWhole`: the model itself ended the answer. */
export async function readCalls(
  pieces: readonly Piece[],
  ask: CallAsk,
  isWhole: boolean,
): Promise<ReadCalls | undefined> {
  const first = pieces.findIndex(({ type }) => type === "call");
  if (first < 0) return undefined;
  const written = ask.parallelToolCalls ? pieces : pieces.slice(0, first + 1);
  const read: (Prose | ToolCallPart)[] = [];
  const problems: CallProblem[] = [];
  let isCut = false;
  for (const piece of written) {
    if (piece.type === "prose") {
      read.push(piece);
      continue;
    }
    const { body, rest, hasEnd } = extent(piece, toolOf(piece, ask)?.kind);
    if (!hasEnd && !isWhole) {
      isCut = true;
      continue;
    }
    const call = await toCall({ ...piece, body }, ask);
    if ("text" in call) problems.push(call);
    else read.push(call);
    if (rest.trim() !== "") read.push({ type: "prose", text: rest });
  }
  return { written, pieces: read, problems, isCut };
}

const ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function newCallId(): string {
  return `call_${Array.from({ length: 24 }, () => ID_CHARACTERS[randomInt(ID_CHARACTERS.length)]).join("")}`;
}

interface Extent {
  readonly body: string;
  /** Prose after a call whose closing tag is missing or lacks the boundary. */
  readonly rest: string;
  readonly hasEnd: boolean;
}

/** The end of a call. Without a correct closing tag, it ends with its JSON or with a malformed closing tag. */
function extent({ body, isClosed }: WrittenCall, kind: Tool["kind"] | undefined): Extent {
  if (isClosed) return { body: kind === "custom" ? body : withoutClose(body), rest: "", hasEnd: true };
  const json = kind === "custom" ? undefined : /^\s*(?:`{3,}[\w-]*\s*)?(?=\{)/.exec(body.slice(0, 64));
  const end = json ? jsonEnd(body, json[0].length) : undefined;
  if (end === undefined) {
    const closed = withoutClose(body);
    return { body: closed, rest: "", hasEnd: closed.length < body.length };
  }
  const tail =
    /^\s*(?:`{3,}\s*)?<\/tool_call[\w-]*\s*>(?:\s*`{3,})?|^\s*`{3,}/.exec(body.slice(end, end + 128))?.[0] ?? "";
  return { body: body.slice(json?.[0].length ?? 0, end), rest: body.slice(end + tail.length), hasEnd: true };
}

/** Removes a malformed closing tag and a fence at the end. */
function withoutClose(body: string): string {
  const close = /\s*<\/tool_call[\w-]*\s*>\s*(?:`{3,}\s*)?$/.exec(body.slice(-128))?.[0] ?? "";
  return body.slice(0, body.length - close.length);
}

function toolOf(call: Pick<WrittenCall, "name" | "namespace">, { tools }: CallAsk): Tool | undefined {
  const found = toolNamed(tools, call);
  return typeof found === "string" ? undefined : found;
}

/** The call, or what is wrong with it. */
async function toCall(call: WrittenCall, ask: CallAsk): Promise<ToolCallPart | CallProblem> {
  const named = toolOf(call, ask);
  if (named?.kind === "custom") return checkedChoice(named, textInput(call.body, named), ask);
  const read = call.body.trim() === "" ? { value: {}, text: "{}" } : readJson(call.body);
  const wrapped = read && wrappedCall(read.text);
  const wrappedTool = wrapped && toolOf({ name: wrapped.name, namespace: call.namespace }, ask);
  const isWrapped = wrapped && (!named || (wrappedTool === named && !hasProperty(named, "name")));
  const tool = named ?? wrappedTool ?? toolNamed(ask.tools, { ...call, name: call.name ?? wrapped?.name });
  if (typeof tool === "string") return { text: tool };
  if (!read) return problemOf(tool, `are not valid JSON: ${jsonFault(call.body)}`);
  const text = typeof read.value === "string" ? read.value : read.text;
  const given = isWrapped ? wrapped.input : text;
  return tool.kind === "custom" ? checkedChoice(tool, given, ask) : checkedArguments(tool, readJson(given), ask);
}

async function checkedArguments(
  tool: Tool,
  json: JsonRead | undefined,
  ask: CallAsk,
): Promise<ToolCallPart | CallProblem> {
  if (!isRecord(json?.value)) return problemOf(tool, "are not a JSON object");
  if (jsonDepth(json.text) > MAX_DEPTH) return problemOf(tool, `are nested deeper than ${MAX_DEPTH} levels`);
  const fitted = fittedArguments(compactText(json.text), tool);
  const violations = tool.isStrict && tool.parameters ? await violationsOf(tool.parameters, JSON.parse(fitted)) : [];
  if (violations.length === 0) return checkedChoice(tool, fitted, ask);
  return problemOf(tool, `do not meet its parameters: ${violations.join("; ")}`);
}

function checkedChoice(tool: Tool, given: string, { toolChoice: choice }: CallAsk): ToolCallPart | CallProblem {
  const { kind, name, namespace } = tool;
  if (typeof choice === "object" && (choice.name !== name || choice.namespace !== namespace)) {
    return { text: `The tool to call is ${quoted(choice.name)}, not ${quoted(name)}.`, toolName: name };
  }
  return { type: "tool-call", id: newCallId(), kind, name, ...(namespace && { namespace }), arguments: given };
}

function problemOf({ name }: Tool, what: string): CallProblem {
  return { text: `The arguments of ${quoted(name)} ${what}.`, toolName: name };
}

/** The input of a custom tool: the text between the tags, or the text inside a JSON object that the model put around it. */
function textInput(body: string, tool: Tool): string {
  return wrappedText(body, tool.name) ?? body.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
}

function hasProperty(tool: Tool, name: string): boolean {
  const properties = tool.parameters?.["properties"];
  return isRecord(properties) && Object.hasOwn(properties, name);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
