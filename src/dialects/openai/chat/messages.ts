import type { Message, ToolCall } from "../../../chat.ts";
import { GatewayError } from "../../../errors.ts";
import { isAttachment, joinedWords, wordsOf } from "../../../turn/block-words.ts";
import { CallPairs } from "../../../turn/call-pairs.ts";
import { speakerOf } from "../../../turn/speaker.ts";
import { refusedAttachment } from "../../refused-attachment.ts";
import { TEXT_TYPES, type BodyMessage, type BodyPart } from "./schema.ts";

export interface ReadMessages {
  readonly messages: readonly Message[];
  /** Parts and calls that the model does not get, as `messages.TYPE`. */
  readonly leftOut: readonly string[];
}

/** What a model thought is no part of the conversation; nobody misses it. */
const THOUGHTS: ReadonlySet<unknown> = new Set(["reasoning", "thinking", "redacted_thinking"]);
const PLAIN: ReadonlySet<unknown> = new Set([...TEXT_TYPES, "refusal"]);

/**
 * The turns of a request as text. A part of a history becomes what it says, or is left out and named; only what the
 * user attached just now is refused, for everything else stays in the client's history.
 * @throws GatewayError also where nothing is said, and where there are only results of no call.
 */
export function toMessages(turns: readonly BodyMessage[]): ReadMessages {
  const reader = new MessageReader(turns);
  const messages = turns.flatMap((turn, index) => reader.turn(turn, index));
  const isAsked = messages.some(({ role }) => role === "user" || role === "assistant");
  if (!isAsked && reader.orphan) throw reader.orphan;
  if (messages.length === 0) throw nothingSaid(turns, turns.length - 1);
  return { messages, leftOut: [...reader.leftOut] };
}

class MessageReader {
  readonly #turns: readonly BodyMessage[];
  readonly #pairs = new CallPairs();
  readonly #attaching: number;
  readonly leftOut = new Set<string>();
  orphan: GatewayError | undefined;

  constructor(turns: readonly BodyMessage[]) {
    this.#turns = turns;
    const spoken = [...turns.keys()].filter((index) => !isSystem(turns[index]));
    const [before, last] = [spoken.at(-2), spoken.at(-1)];
    // Agents hand on what a tool returned as a user's turn, for OpenAI's tool results hold text only.
    const isTools = [before, last].some((index) => index !== undefined && holdsResult(turns[index]));
    this.#attaching = last !== undefined && turns[last]?.role === "user" && !isTools ? last : -1;
  }

  turn(turn: BodyMessage, index: number): Message[] {
    const { role, content, name } = turn;
    if (role === "tool") return [this.#result(turn, index)];
    // The older form of a tool result knows its function's name only.
    if (role === "function") return [{ role: "tool", text: this.#text(content, index), ...(name && { name }) }];
    const speaker = { ...speakerOf(role), ...(name && { name }) };
    const isEmpty = content === undefined || content === null;
    if (isEmpty && speaker.role === "user" && index === this.#turns.length - 1) throw nothingSaid(this.#turns, index);
    const parts = Array.isArray(content) ? content : [];
    const results = parts.filter(isResult).map((part) => this.#blockResult(part));
    const toolCalls = [...this.#calls(turn), ...parts.filter(isCall).map((part) => this.#blockCall(part))];
    const text = this.#text(content, index) || (turn.refusal ?? "");
    const isSilent = text === "" && toolCalls.length === 0 && (isEmpty || parts.length > 0);
    return [...results, ...(isSilent ? [] : [{ ...speaker, text, ...(toolCalls.length > 0 && { toolCalls }) }])];
  }

  #text(content: BodyMessage["content"], index: number): string {
    if (!Array.isArray(content)) return content ?? "";
    const pieces = content.flatMap((part, at) => {
      if (isResult(part) || isCall(part)) return [];
      const words = wordsOf(part);
      if (index === this.#attaching) refuseForeign(part, words, `messages[${index}].content[${at}]`);
      if (!PLAIN.has(part.type) && !THOUGHTS.has(part.type) && (words === undefined || isAttachment(part))) {
        this.leftOut.add(`messages.${part.type ?? "content"}`);
      }
      return words === undefined ? [] : [{ words, isText: PLAIN.has(part.type) }];
    });
    return joinedWords(pieces);
  }

  #result({ content, tool_call_id: given, name }: BodyMessage, index: number): Message {
    const id = this.#pairs.result(given);
    if (!this.#pairs.isKnown(id)) this.orphan ??= unknownCall(`messages[${index}].tool_call_id`, given);
    const text = this.#text(content, index);
    return { role: "tool", text, ...(id !== undefined && { toolCallId: id }), ...(name && { name }) };
  }

  #calls({ tool_calls: calls, function_call: older }: BodyMessage): ToolCall[] {
    const read = (calls ?? []).flatMap(({ id, type, function: called, custom }): ToolCall[] => {
      const name = called?.name ?? custom?.name;
      if (!called && !custom) {
        this.leftOut.add(`messages.tool_calls.${type ?? "type"}`);
        return [];
      }
      const given = called ? called.arguments : custom?.input;
      return [{ id: this.#pairs.call(id), name: name ?? "", arguments: textOf(given) }];
    });
    // It has no id: its result is paired by the function's name.
    if (older) read.push({ id: older.name ?? "", name: older.name ?? "", arguments: textOf(older.arguments) });
    return read;
  }

  /** A call and a result as Anthropic's API has them. */
  #blockCall(part: BodyPart): ToolCall {
    const name = stringOf(part, "name") ?? "";
    const input: unknown = Reflect.get(part, "input");
    return { id: this.#pairs.call(stringOf(part, "id")), name, arguments: textOf(input ?? {}) };
  }

  #blockResult(part: BodyPart): Message {
    const id = this.#pairs.result(stringOf(part, "tool_use_id"));
    const text = wordsOf(Reflect.get(part, "content")) ?? "";
    const isError = Reflect.get(part, "is_error") === true;
    return { role: "tool", text: isError ? `Error: ${text}` : text, ...(id !== undefined && { toolCallId: id }) };
  }
}

function isSystem(turn: BodyMessage | undefined): boolean {
  return turn !== undefined && speakerOf(turn.role).role === "system";
}

function holdsResult(turn: BodyMessage | undefined): boolean {
  if (turn?.role === "tool" || turn?.role === "function") return true;
  return Array.isArray(turn?.content) && turn.content.some(isResult);
}

function isResult(part: BodyPart): boolean {
  return part.type === "tool_result";
}

function isCall(part: BodyPart): boolean {
  return part.type === "tool_use";
}

function stringOf(part: BodyPart, key: string): string | undefined {
  const value: unknown = Reflect.get(part, key);
  return typeof value === "string" ? value : undefined;
}

/** Arguments are JSON as text; some servers give the JSON itself. */
function textOf(given: unknown): string {
  return typeof given === "string" ? given : given === undefined || given === null ? "" : JSON.stringify(given);
}

function refuseForeign(part: BodyPart, words: string | undefined, where: string): void {
  const { type } = part;
  if (isAttachment(part)) throw refusedAttachment("parts", String(type), where);
  if (words !== undefined || PLAIN.has(type) || THOUGHTS.has(type)) return;
  const supported = [...PLAIN].map((one) => `'${String(one)}'`).join(", ");
  const message = `Invalid value: '${(type ?? "").slice(0, 64)}'. Supported values are: ${supported}.`;
  throw new GatewayError("invalid_value", message, { param: `${where}.type` });
}

function nothingSaid(turns: readonly BodyMessage[], index: number): GatewayError {
  const param = `messages[${index}].content`;
  const turn = turns[index];
  if (turn?.content === undefined && turn?.role !== "assistant") {
    return new GatewayError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
  }
  return new GatewayError("invalid_type", "Invalid value for 'content': expected a string, got null.", { param });
}

function unknownCall(param: string, given: string | null | undefined): GatewayError {
  if (given === undefined) {
    return new GatewayError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
  }
  const problem = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
  return new GatewayError("invalid_value", `Invalid parameter: ${problem}.`, { param });
}
