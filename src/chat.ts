/** The types that every part of the gateway uses for a conversation. Imports nothing. */

/** A caller's turn, already reduced to text. `system` covers OpenAI's `developer` role too. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly text: string;
  /** The speaker's name, where the caller gave one. */
  readonly name?: string;
  /** For `tool`: the id of the call that this answers. */
  readonly toolCallId?: string;
  /** For `assistant`: the calls it made in this turn. */
  readonly toolCalls?: readonly ToolCall[];
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** The group of tools that the name belongs to, where there is one, e.g. the MCP server. */
  readonly namespace?: string;
  /** The arguments as JSON text, exactly as the caller sent them. */
  readonly arguments: string;
}

export interface Conversation {
  readonly model: string;
  /** At least one. */
  readonly messages: readonly Message[];
}

/** A conversation as a site is asked it. */
export interface ChatRequest extends Conversation {
  /**
   * Nine digits that nobody can predict and that no text of the request contains, like the boundary of a multipart body.
   * The tags of turns and calls carry it. So no text can forge a tag, and no text needs escaping.
   */
  readonly boundary: string;
}

export type TagKind = Message["role"] | "tool_call" | "tool_result";

/** The name of the tag around a turn, a call or a result, as the site's model sees it. */
export function tagName(kind: TagKind, boundary: string): string {
  return `${kind}_${boundary}`;
}

/** The beginning of the answer, if the caller wrote it: a last turn of the assistant, to be continued. */
export function prefillOf(messages: readonly Message[]): string | undefined {
  const last = messages.at(-1);
  const isPrefill = last?.role === "assistant" && !last.toolCalls?.length && last.text.trim() !== "";
  return isPrefill ? last.text : undefined;
}

export type FinishReason = "stop" | "length" | "content_filter";

/** A part of a site's answer. An answer has any number of deltas, then one `end`. */
export type ReplyPart =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "end"; readonly finishReason: FinishReason };
