import type { Message, ToolCall } from "../../chat.ts";
import { GatewayError } from "../../errors.ts";
import { isAttachment, joinedWords, wordsOf } from "../../turn/block-words.ts";
import { CallPairs } from "../../turn/call-pairs.ts";
import { speakerOf } from "../../turn/speaker.ts";
import { refusedAttachment } from "../refused-attachment.ts";
import type { BodyBlock, BodyTurn, MessageBody } from "./schema.ts";
import type { ToolInputs } from "./tool-inputs.ts";

type Blocks = readonly BodyBlock[];
type Result = Extract<BodyBlock, { type: "tool_result" }>;
type Call = Extract<BodyBlock, { type: "tool_use" }>;

export interface ReadTurns {
  readonly messages: readonly Message[];
  /** Blocks that the model does not get, as `messages.TYPE`. */
  readonly leftOut: readonly string[];
}

/** What a model thought is no part of the conversation; nobody misses it. */
const THOUGHTS: ReadonlySet<string> = new Set(["thinking", "redacted_thinking"]);
/** Claude Code's note to Anthropic about itself, which comes as the first thing that the system says. */
const BILLING = "x-anthropic-billing-header:";

/**
 * The conversation as text, what the system said first, and at its place what it said later.
 * @throws GatewayError where nothing is said, and `unsupported_content` for what the user attached just now.
 */
export function toMessages(
  { system, messages }: Pick<MessageBody, "system" | "messages">,
  inputs: ToolInputs,
): ReadTurns {
  const reader = new TurnReader(messages, inputs);
  const said = typeof system === "string" ? system : reader.systemText(system ?? []);
  const turns = messages.flatMap((turn, index) => reader.turn(turn, index));
  if (!turns.some(({ role }) => role === "user" || role === "assistant") && reader.orphan) throw reader.orphan;
  if (turns.length === 0) throw nothingSaid(messages.length - 1);
  return {
    messages: [...(said === "" ? [] : [{ role: "system" as const, text: said }]), ...turns],
    leftOut: [...reader.leftOut],
  };
}

class TurnReader {
  readonly #messages: readonly BodyTurn[];
  readonly #inputs: ToolInputs;
  readonly #pairs = new CallPairs();
  /** The message whose attachments the user can still take back; any other stays in the client's history. */
  readonly #attaching: number;
  readonly leftOut = new Set<string>();
  orphan: GatewayError | undefined;

  constructor(messages: readonly BodyTurn[], inputs: ToolInputs) {
    this.#messages = messages;
    this.#inputs = inputs;
    const last = messages.findLastIndex(({ role }) => role === "user" || role === "assistant");
    const isTools = messages.slice(Math.max(0, last - 1), last + 1).some(holdsResult);
    this.#attaching = messages[last]?.role === "user" && !isTools ? last : -1;
  }

  systemText(blocks: readonly BodyBlock[] | NonNullable<Exclude<MessageBody["system"], string>>): string {
    const texts = blocks.map((block) => this.#words(block));
    return texts.filter((text) => text !== undefined && !text.startsWith(BILLING)).join("\n\n");
  }

  turn({ role, content }: BodyTurn, index: number): Message[] {
    const speaker = speakerOf(role);
    if (content === undefined || content === null) {
      if (speaker.role === "user" && index === this.#messages.length - 1) throw nothingSaid(index);
      return [];
    }
    if (typeof content === "string") return [{ ...speaker, text: content }];
    if (speaker.role === "system") {
      const text = this.systemText(content);
      return text === "" ? [] : [{ ...speaker, text }];
    }
    const results = content.flatMap((block, at) => (isResult(block) ? [this.#result(block, index, at)] : []));
    const calls = content.flatMap((block, at) => (isCall(block) ? [this.#call(block, this.#inputs[index]?.[at])] : []));
    const text = this.#text(content, index);
    const isSaid = text !== "" || calls.length > 0 || content.length === 0;
    return [...results, ...(isSaid ? [{ ...speaker, text, ...(calls.length > 0 && { toolCalls: calls }) }] : [])];
  }

  #text(blocks: Blocks, index: number): string {
    const pieces = blocks.flatMap((block, at) => {
      if (isResult(block) || isCall(block)) return [];
      if (index === this.#attaching && isAttachment(block))
        throw refusedAttachment("blocks", block.type, `messages[${index}].content[${at}]`);
      const words = this.#words(block);
      return words === undefined ? [] : [{ words, isText: block.type === "text" }];
    });
    return joinedWords(pieces);
  }

  /** What a block says; what says nothing is left out and named, and so is what became but a line. */
  #words(block: Exclude<BodyBlock, Result | Call> | { readonly type: string }): string | undefined {
    const words = wordsOf(block);
    if (block.type !== "text" && !THOUGHTS.has(block.type) && (words === undefined || isAttachment({ ...block }))) {
      this.leftOut.add(`messages.${block.type}`);
    }
    return words;
  }

  #result({ tool_use_id: given, content, is_error: isError }: Result, index: number, at: number): Message {
    const id = this.#pairs.result(given);
    if (!this.#pairs.isKnown(id)) this.orphan ??= unknownCall(`messages[${index}].content[${at}]`);
    const blocks = typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
    const pieces = blocks.flatMap((block) => {
      const words = this.#words(block);
      return words === undefined ? [] : [{ words, isText: block.type === "text" }];
    });
    const text = joinedWords(pieces);
    return { role: "tool", text: isError ? `Error: ${text}` : text, ...(id !== undefined && { toolCallId: id }) };
  }

  #call({ id, name, input, toolset_name: namespace }: Call, written: string | undefined): ToolCall {
    const called = name ?? "";
    const given = written ?? JSON.stringify(input ?? {});
    return { id: this.#pairs.call(id), name: called, ...(namespace && { namespace }), arguments: given };
  }
}

function holdsResult({ content }: BodyTurn): boolean {
  return Array.isArray(content) && content.some(isResult);
}

function isResult(block: BodyBlock): block is Result {
  return block.type === "tool_result";
}

function isCall(block: BodyBlock): block is Call {
  return block.type === "tool_use";
}

function nothingSaid(index: number): GatewayError {
  const param = `messages[${index}].content`;
  return new GatewayError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
}

function unknownCall(where: string): GatewayError {
  const message = `Invalid '${where}.tool_use_id': each 'tool_result' must have a 'tool_use' with this id before it.`;
  return new GatewayError("invalid_value", message, { param: `${where}.tool_use_id` });
}
