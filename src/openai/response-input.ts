import type { Message, ToolCall } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import { newItemId, outputText, type Item, type MessageItem } from "./response-item.ts";
import type { BodyItem, BodyItemContent, ResponseBody } from "./response-schema.ts";

type BodyMessage = Extract<BodyItem, { type: "message" }>;

/** Items without a type are messages. */
export function withItemTypes(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("input" in body) || !Array.isArray(body.input)) return body;
  const input = (body.input as readonly unknown[]).map((item) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return { ...item, type: Reflect.get(item, "type") ?? "message" };
  });
  return { ...body, input };
}

/**
 * The caller's input as items, each with an id; references become what they refer to. What is no text is refused,
 * since dropping an image would make the model guess.
 */
export function toItems(input: ResponseBody["input"], itemOf: (id: string) => Item | undefined): Item[] {
  if (typeof input === "string") {
    return [messageItem({ type: "message", role: "user", content: input }, "input")];
  }
  return (input ?? []).flatMap((item, index) => {
    if (item.type === "reasoning") return [];
    if (item.type !== "item_reference") return [toItem(item, `input[${index}]`)];
    const found = itemOf(item.id);
    if (found) return [found];
    const message = `Item with id '${item.id.slice(0, 128)}' not found.`;
    throw new GatewayError("response_not_found", message, { param: "input" });
  });
}

/** Items → turns. An assistant's calls belong to the turn before them, and what it thought is left out. */
export function toTurns(items: readonly Item[]): Message[] {
  const turns: Message[] = [];
  const callIds = new Set<string>();
  let openCalls: ToolCall[] | undefined;
  for (const item of items) {
    if (item.type === "reasoning") continue;
    if (item.type === "function_call" || item.type === "custom_tool_call") {
      callIds.add(item.call_id);
      if (!openCalls) {
        openCalls = [];
        const said = turns.at(-1)?.role === "assistant" ? turns.pop() : undefined;
        turns.push({ role: "assistant", text: said?.text ?? "", toolCalls: openCalls });
      }
      openCalls.push({ id: item.call_id, name: item.name, arguments: argumentsOf(item) });
      continue;
    }
    openCalls = undefined;
    if (item.type === "message") {
      turns.push({ role: item.role === "developer" ? "system" : item.role, text: joined(item) });
    } else {
      if (!callIds.has(item.call_id)) throw callNotFound(item.call_id);
      turns.push({ role: "tool", text: item.output, toolCallId: item.call_id });
    }
  }
  return turns;
}

function toItem(item: Exclude<BodyItem, { type: "reasoning" | "item_reference" }>, path: string): Item {
  const id = item.id ?? newItemId(item.type);
  const { type } = item;
  switch (type) {
    case "message":
      return messageItem(item, `${path}.content`);
    case "function_call":
      return { id, type, status: "completed", arguments: item.arguments, call_id: item.call_id, name: item.name };
    case "custom_tool_call":
      return { id, type, status: "completed", call_id: item.call_id, input: item.input, name: item.name };
    case "function_call_output":
    case "custom_tool_call_output": {
      const output = textsOf(item.output, `${path}.output`).map(({ text }) => text);
      return { id, type, status: "completed", call_id: item.call_id, output: output.join("") };
    }
    default:
      return item satisfies never;
  }
}

function messageItem({ id, role, content }: BodyMessage, path: string): MessageItem {
  const parts = textsOf(content, path).map(({ text, isRefusal }) => {
    if (isRefusal) return { type: "refusal", refusal: text } as const;
    return role === "assistant" ? outputText(text) : ({ type: "input_text", text } as const);
  });
  return { id: id ?? newItemId("message"), type: "message", status: "completed", role, content: parts };
}

interface GivenText {
  readonly text: string;
  readonly isRefusal: boolean;
}

function textsOf(content: BodyItemContent, path: string): readonly GivenText[] {
  if (typeof content === "string") return [{ text: content, isRefusal: false }];
  return content.map((part, index) => {
    if ("text" in part) return { text: part.text, isRefusal: false };
    if ("refusal" in part) return { text: part.refusal, isRefusal: true };
    const where = `${path}[${index}]`;
    const message = `Invalid content at '${where}': parts of type '${part.type}' are not supported. This model takes text only.`;
    throw new GatewayError("unsupported_content", message, { param: `${where}.type` });
  });
}

function argumentsOf(item: Extract<Item, { type: "function_call" | "custom_tool_call" }>): string {
  return item.type === "function_call" ? item.arguments : item.input;
}

function joined({ content }: MessageItem): string {
  return content.map((part) => (part.type === "refusal" ? part.refusal : part.text)).join("");
}

function callNotFound(callId: string): GatewayError {
  const message = `No tool call found for function call output with call_id ${callId.slice(0, 128)}.`;
  return new GatewayError("invalid_value", message, { param: "input" });
}
