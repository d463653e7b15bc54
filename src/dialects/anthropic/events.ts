import type { z } from "zod";
import type { AnswerPart } from "../../turn/ask.ts";
import { pieces } from "../../turn/pieces.ts";
import type { Answers } from "../dialect.ts";
import type { messageEventSchema } from "./answer-schema.ts";
import { newMessage, stopOf, toToolUse, usageOf, type ContentBlock } from "./message.ts";
import type { MessageRequest } from "./request.ts";

export type MessageEvent = z.infer<typeof messageEventSchema>;
type Delta = Extract<MessageEvent, { type: "content_block_delta" }>["delta"];

/** The block that is open, if one is, and the index of the next. */
class Blocks {
  #open: ContentBlock["type"] | undefined;
  #index = -1;

  /** Goes on in the open block, or opens one of this kind. */
  *extend(block: ContentBlock, deltas: readonly Delta[]): Generator<MessageEvent, void, undefined> {
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

/** Parts → the events of one message. A keep-alive is a ping. */
export async function* toEvents(
  answers: Answers,
  { ask }: MessageRequest,
): AsyncGenerator<MessageEvent, void, undefined> {
  const usage = usageOf({ prompt: await answers.countPromptTokens(), completion: 0 });
  const blocks = new Blocks();
  let isOpen = false;
  for await (const item of answers) {
    if (!isOpen) yield { type: "message_start", message: newMessage(ask.chat.model, usage) };
    isOpen = true;
    if ("type" in item) yield { type: "ping" };
    else if (item.part.type !== "end") yield* blocks.extend(...blockOf(item.part));
    else {
      yield* blocks.close();
      yield { type: "message_delta", delta: stopOf(item.part), usage: usageOf(await answers.countTokens()) };
      yield { type: "message_stop" };
    }
  }
}

function blockOf(part: Exclude<AnswerPart, { type: "end" }>): [block: ContentBlock, deltas: Delta[]] {
  if (part.type === "text-delta") {
    const deltas = [...pieces(part.text)].map((text): Delta => ({ type: "text_delta", text }));
    return [{ type: "text", text: "", citations: null }, deltas];
  }
  if (part.type === "reasoning-delta") {
    const deltas = [...pieces(part.text)].map((thinking): Delta => ({ type: "thinking_delta", thinking }));
    return [{ type: "thinking", thinking: "", signature: "" }, deltas];
  }
  const deltas = [...pieces(part.arguments)].map((json): Delta => ({ type: "input_json_delta", partial_json: json }));
  return [{ ...toToolUse(part), input: {} }, deltas];
}
