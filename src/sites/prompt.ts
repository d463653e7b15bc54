import type { ChatRequest, Message } from "../chat.ts";

/** The transcript's own tags, which a turn must not be able to forge. */
const MARKER = /<(?=\/?(?:system|user|assistant|tool_call|tool_result)\b)/gi;

const PREAMBLE = "Below is a conversation between a user and an assistant, each turn in a tag of its own.";
const CUE = "Write the assistant's next turn: its text only, without a tag other than a call's.";

/**
 * A conversation as the one prompt that a web chat takes. A lone user message is sent as it is; otherwise what the
 * system said comes first, then the turns in order, then a cue for the next one.
 */
export function flatten({ messages }: Pick<ChatRequest, "messages">): string {
  const [first] = messages;
  if (first && messages.length === 1 && first.role === "user") return first.text;
  const system = messages.filter(({ role }) => role === "system").map(({ text }) => text);
  const callNames = namesOfCalls(messages);
  const turns = messages.filter(({ role }) => role !== "system").map((message) => turn(message, callNames));
  const rules = system.length > 0 ? [`<system>\n${system.join("\n\n")}\n</system>`] : [];
  return [PREAMBLE, ...rules, ...turns, CUE].join("\n\n");
}

function turn(message: Message, callNames: ReadonlyMap<string, string>): string {
  const text = defused(message.text);
  if (message.role === "tool") {
    const id = message.toolCallId ?? "";
    const open = tag("tool_result", { id, name: message.name ?? callNames.get(id) ?? "" });
    return `${open}\n${text}\n</tool_result>`;
  }
  const calls = (message.toolCalls ?? []).map(
    (call) => `${tag("tool_call", { id: call.id, name: call.name })}${defused(call.arguments)}</tool_call>`,
  );
  const body = [text, ...calls].filter((line) => line !== "").join("\n");
  return `${tag(message.role, { name: message.name ?? "" })}\n${body}\n</${message.role}>`;
}

function tag(name: string, attributes: Readonly<Record<string, string>>): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== "");
  return `<${[name, ...given.map(([key, value]) => `${key}="${value.replaceAll(/["<>\s]/g, "_")}"`)].join(" ")}>`;
}

function defused(text: string): string {
  return text.replaceAll(MARKER, "&lt;");
}

function namesOfCalls(messages: readonly Message[]): Map<string, string> {
  return new Map(messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }) => [id, name] as const)));
}
