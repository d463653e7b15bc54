import type { Message, ToolCall } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { BodyContent, BodyMessage } from "./schema.ts";

/** The turns of a request as text; what is no text is refused, since dropping an image would make the model guess. */
export function toMessages(turns: readonly BodyMessage[]): Message[] {
  const callIds = new Set<string>();
  return turns.map((turn, index) => {
    const path = `messages[${index}]`;
    const message = toMessage(turn, path);
    for (const call of message.toolCalls ?? []) callIds.add(call.id);
    if (turn.role === "tool" && !callIds.has(turn.tool_call_id)) {
      const problem = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
      throw new GatewayError("invalid_value", `Invalid parameter: ${problem}.`, { param: `${path}.tool_call_id` });
    }
    return message;
  });
}

function toMessage(turn: BodyMessage, path: string): Message {
  switch (turn.role) {
    case "assistant":
      return assistantMessage(turn, path);
    case "tool":
      return { role: "tool", text: textOf(turn.content, path), toolCallId: turn.tool_call_id };
    case "function":
      // The older form of a tool result knows its function's name only.
      return { role: "tool", text: turn.content ?? "", name: turn.name };
    case "system":
    case "developer":
    case "user": {
      const role = turn.role === "user" ? "user" : "system";
      return { role, text: textOf(turn.content, path), ...named(turn.name) };
    }
    default:
      return turn satisfies never;
  }
}

function assistantMessage(turn: Extract<BodyMessage, { role: "assistant" }>, path: string): Message {
  const toolCalls = toToolCalls(turn);
  const text = textOf(turn.content ?? "", path) || (turn.refusal ?? "");
  const isEmpty = (turn.content ?? undefined) === undefined && (turn.refusal ?? undefined) === undefined;
  if (isEmpty && toolCalls.length === 0) {
    const message = "Invalid value for 'content': expected a string, got null.";
    throw new GatewayError("invalid_type", message, { param: `${path}.content` });
  }
  return { role: "assistant", text, ...named(turn.name), ...(toolCalls.length > 0 && { toolCalls }) };
}

function toToolCalls(turn: Extract<BodyMessage, { role: "assistant" }>): ToolCall[] {
  const calls = (turn.tool_calls ?? []).map((call): ToolCall => {
    if (call.type === "custom") return { id: call.id, name: call.custom.name, arguments: call.custom.input };
    return { id: call.id, ...call.function };
  });
  // The older form has no id: its result is paired by the function's name.
  if (turn.function_call) calls.push({ id: turn.function_call.name, ...turn.function_call });
  return calls;
}

function textOf(content: BodyContent, path: string): string {
  if (typeof content === "string") return content;
  return content
    .map((part, index) => {
      if ("text" in part) return part.text;
      if ("refusal" in part) return part.refusal;
      const where = `${path}.content[${index}]`;
      const message = `Invalid content at '${where}': parts of type '${part.type}' are not supported. This model takes text only.`;
      throw new GatewayError("unsupported_content", message, { param: `${where}.type` });
    })
    .join("");
}

function named(name: string | null | undefined): { readonly name?: string } {
  return name ? { name } : {};
}
