/** `input` of the Responses API as `messages` of a chat: https://platform.openai.com/docs/api-reference/responses/create */

type Fields = Readonly<Record<string, unknown>>;

interface Turn {
  readonly role: unknown;
  readonly content?: unknown;
  readonly name?: unknown;
  /** Grows while the calls of a turn follow one another. */
  tool_calls?: Fields[];
  readonly tool_call_id?: unknown;
}

/** The turns; what is no list and no text is left for the schema to refuse. */
export function messagesOf(input: unknown): unknown {
  if (typeof input === "string") return [{ role: "user", content: input }];
  if (!Array.isArray(input)) return undefined;
  const turns: unknown[] = [];
  for (const item of input as readonly unknown[]) {
    if (typeof item !== "object" || item === null) turns.push(item);
    else addItem(turns, item as Fields);
  }
  return turns;
}

function addItem(turns: unknown[], item: Fields): void {
  const { type, role, content, name, call_id: id } = item;
  if (type === "function_call") {
    addCall(turns, { id, type: "function", function: { name, arguments: item["arguments"] } });
  } else if (type === "custom_tool_call") {
    addCall(turns, { id, type: "custom", custom: { name, input: item["input"] } });
  } else if (type === "function_call_output" || type === "custom_tool_call_output") {
    turns.push({ role: "tool", tool_call_id: id, content: item["output"] } satisfies Turn);
  } else if (role !== undefined || type === undefined || type === "message") {
    turns.push({ role, content, ...(name !== undefined && { name }) } satisfies Turn);
  } else {
    // A block of the assistant's, which is told as far as it holds text.
    turns.push({ role: "assistant", content: [item] } satisfies Turn);
  }
}

/** An assistant's calls belong to the turn before them. */
function addCall(turns: unknown[], call: Fields): void {
  const last = turns.at(-1) as Turn | undefined;
  if (last?.role === "assistant") (last.tool_calls ??= []).push(call);
  else turns.push({ role: "assistant", tool_calls: [call] } satisfies Turn);
}
