import type { Message, ToolCall } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { BodyBlock, BodyTurn, MessageBody } from "./schema.ts";

type Blocks = readonly BodyBlock[];

/** The conversation as text, the system's words first. @throws GatewayError for what is no text, or answers no call. */
export function toMessages({ system, messages }: Pick<MessageBody, "system" | "messages">): Message[] {
  const callIds = new Set<string>();
  const said = typeof system === "string" ? system : (system ?? []).map(({ text }) => text).join("\n\n");
  const turns = messages.flatMap((turn, index) => toTurn(turn, `messages[${index}]`, callIds));
  return [...(said === "" ? [] : [{ role: "system" as const, text: said }]), ...turns];
}

function toTurn({ role, content }: BodyTurn, path: string, callIds: Set<string>): Message[] {
  if (typeof content === "string") return [{ role, text: content }];
  const results = content.flatMap((block, index) => {
    if (block.type !== "tool_result") return [];
    const where = `${path}.content[${index}]`;
    if (!callIds.has(block.tool_use_id)) throw unknownCall(where);
    const text = resultText(block.content ?? "", where);
    return [{ role: "tool" as const, text: block.is_error ? `Error: ${text}` : text, toolCallId: block.tool_use_id }];
  });
  const calls = content.flatMap((block) => (block.type === "tool_use" ? [toCall(block)] : []));
  for (const { id } of calls) callIds.add(id);
  const text = textOf(content, path);
  const isSaid = text !== "" || calls.length > 0 || results.length === 0;
  return [...results, ...(isSaid ? [{ role, text, ...(calls.length > 0 && { toolCalls: calls }) }] : [])];
}

function textOf(blocks: Blocks, path: string): string {
  return blocks
    .map((block, index) => {
      if (block.type === "text") return block.text;
      if (FOREIGN.has(block.type)) throw foreign(block.type, `${path}.content[${index}]`);
      return "";
    })
    .join("");
}

function resultText(content: string | readonly { type: string; text?: string }[], path: string): string {
  if (typeof content === "string") return content;
  return content
    .map(({ type, text }, index) => {
      if (text === undefined) throw foreign(type, `${path}.content[${index}]`);
      return text;
    })
    .join("");
}

function toCall({ id, name, input }: Extract<BodyBlock, { type: "tool_use" }>): ToolCall {
  return { id, name, arguments: JSON.stringify(input) };
}

const FOREIGN: ReadonlySet<string> = new Set(["image", "document", "search_result", "container_upload"]);

function foreign(type: string, where: string): GatewayError {
  const message = `Invalid content at '${where}': blocks of type '${type}' are not supported. This model takes text only.`;
  return new GatewayError("unsupported_content", message, { param: `${where}.type` });
}

function unknownCall(where: string): GatewayError {
  const message = `Invalid '${where}.tool_use_id': each 'tool_result' must have a 'tool_use' with this id before it.`;
  return new GatewayError("invalid_value", message, { param: `${where}.tool_use_id` });
}
