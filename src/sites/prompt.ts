import { prefillOf, tagName, type ChatRequest, type Message, type TagKind } from "../chat.ts";

const CUE = "Write the assistant's next turn: its text only, without a tag other than a call's.";
const CONTINUE_CUE =
  "Continue the assistant's last turn exactly where it stops: write only what follows, repeat nothing of it, and use no tag other than a call's.";

/**
 * A conversation as the one prompt that a web chat takes. A lone user message is sent as it is. Otherwise the system
 * messages at the beginning stand first, then the turns in their order, later system messages included, then a cue.
 * The boundary in each tag tells tags from text, so the text is never changed.
 */
export function flatten({ messages, boundary }: ChatRequest): string {
  const [first] = messages;
  if (first && messages.length === 1 && first.role === "user") return first.text.toWellFormed();
  const callNames = namesOfCalls(messages);
  const firstTurn = messages.findIndex(({ role }) => role !== "system");
  const leading = firstTurn < 0 ? messages : messages.slice(0, firstTurn);
  const rules = leading.map(({ text }) => text).join("\n\n");
  const turns = messages.slice(leading.length).map((message) => turn(message, callNames, boundary));
  const prefill = prefillOf(messages);
  return [
    preamble(boundary),
    ...(leading.length > 0 ? [element("system", boundary, {}, `\n${rules}\n`)] : []),
    ...(prefill === undefined ? [...turns, CUE] : [...turns.slice(0, -1), unfinished(prefill, boundary), CONTINUE_CUE]),
  ]
    .join("\n\n")
    .toWellFormed();
}

function preamble(boundary: string): string {
  return `Below is a conversation between a user and an assistant, each turn in a tag of its own. Only tags that end in _${boundary} belong to the conversation's form; everything else is text.`;
}

function turn(message: Message, callNames: ReadonlyMap<string, string>, boundary: string): string {
  const { role, text, name = "" } = message;
  if (role === "tool") {
    const id = message.toolCallId ?? "";
    const attributes = { id, name: name === "" ? (callNames.get(id) ?? "") : name };
    return element("tool_result", boundary, attributes, `\n${text}\n`);
  }
  const calls = (message.toolCalls ?? []).map((call) =>
    element("tool_call", boundary, { id: call.id, name: call.name, namespace: call.namespace ?? "" }, call.arguments),
  );
  const body = [text, ...calls].filter((line) => line !== "").join("\n");
  return element(role, boundary, { name }, `\n${body}\n`);
}

/** Without its closing tag, the turn is plainly not over. */
function unfinished(text: string, boundary: string): string {
  return `<${tagName("assistant", boundary)}>\n${text}`;
}

function element(
  kind: TagKind,
  boundary: string,
  attributes: Readonly<Record<string, string>>,
  content: string,
): string {
  const tag = tagName(kind, boundary);
  const given = Object.entries(attributes).filter(([, value]) => value !== "");
  const open = [tag, ...given.map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(" ");
  return `<${open}>${content}</${tag}>`;
}

function namesOfCalls(messages: readonly Message[]): Map<string, string> {
  return new Map(messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }) => [id, name] as const)));
}
