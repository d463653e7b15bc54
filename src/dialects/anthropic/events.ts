import type { TokenCount } from "../../turn/model-answer.ts";
import type { AnswerPart } from "../../turn/ask.ts";
import type { KeepAlive } from "../../turn/keep-alive.ts";
import { pieces } from "../../turn/pieces.ts";
import { cutShort, newMessage, stopOf, toToolUse, usageOf, type ContentBlock, type End } from "./message.ts";

export interface MessageEvent extends Readonly<Record<string, unknown>> {
  readonly type: string;
}

/** The block that is open, if one is, and the index of the next. */
class Blocks {
  #open: ContentBlock["type"] | undefined;
  #index = -1;

  /** Goes on in the open block, or opens one of this kind. */
  *extend(block: ContentBlock, deltas: readonly object[]): Generator<MessageEvent, void, undefined> {
    if (this.#open !== block.type || block.type === "tool_use") {
      yield* this.close();
      this.#index += 1;
      this.#open = block.type;
      yield { type: "content_block_start", index: this.#index, content_block: block };
    }
    for (const delta of deltas) yield { type: "content_block_delta", index: this.#index, delta };
  }

  *close(): Generator<MessageEvent, void, undefined> {
    if (this.#open === undefined) return;
    this.#open = undefined;
    yield { type: "content_block_stop", index: this.#index };
  }
}

export interface MessageStream {
  readonly model: string;
  /** Of the prompt, which is known before the answer begins. */
  readonly inputTokens: number;
  readonly countTokens: () => Promise<TokenCount>;
}

/** Parts → the events of one message. A keep-alive is a ping. */
export async function* toEvents(
  parts: AsyncIterable<AnswerPart | KeepAlive>,
  { model, inputTokens, countTokens }: MessageStream,
): AsyncGenerator<MessageEvent, void, undefined> {
  const blocks = new Blocks();
  let end: End | undefined;
  let isOpen = false;
  for await (const part of parts) {
    if (!isOpen) {
      yield { type: "message_start", message: newMessage(model, usageOf({ prompt: inputTokens, completion: 0 })) };
    }
    isOpen = true;
    if (part.type === "keep-alive") yield { type: "ping" };
    else if (part.type === "end") end = part;
    else yield* blocks.extend(...blockOf(part));
  }
  if (!end) throw cutShort();
  yield* blocks.close();
  yield { type: "message_delta", delta: stopOf(end), usage: usageOf(await countTokens()) };
  yield { type: "message_stop" };
}

function blockOf(part: Exclude<AnswerPart, { type: "end" }>): [block: ContentBlock, deltas: object[]] {
  if (part.type === "text-delta") {
    const deltas = [...pieces(part.text)].map((text) => ({ type: "text_delta", text }));
    return [{ type: "text", text: "", citations: null }, deltas];
  }
  if (part.type === "reasoning-delta") {
    const deltas = [...pieces(part.text)].map((thinking) => ({ type: "thinking_delta", thinking }));
    return [{ type: "thinking", thinking: "", signature: "" }, deltas];
  }
  const deltas = [...pieces(part.arguments)].map((json) => ({ type: "input_json_delta", partial_json: json }));
  return [{ ...toToolUse(part), input: {} }, deltas];
}
