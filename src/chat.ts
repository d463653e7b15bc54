/** The words every part of the gateway uses for a conversation. Imports nothing. */

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
   * Nine random digits that occur in no text of the request, like the boundary of a multipart body. The tags of turns
   * and calls carry it, so no text can forge one and no text needs escaping.
   */
  readonly boundary: string;
}

export type FinishReason = "stop" | "length" | "content_filter";

/** What a site's answer is made of: any number of deltas, then one `end`. */
export type ReplyPart =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "end"; readonly finishReason: FinishReason };
