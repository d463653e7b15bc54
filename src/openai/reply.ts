import { randomBytes } from "node:crypto";
import type { FinishReason, ReplyPart } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { Usage } from "./usage.ts";

/** What all chunks of an answer share. Clients take a change of it for another answer. */
export interface ReplyHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** Nothing came for a while; the client should see that the connection lives. */
export interface KeepAlive {
  readonly type: "keep-alive";
}

/** All that was answered, to be counted. */
export interface ReplyText {
  readonly text: string;
  readonly reasoning: string;
}

interface Delta {
  readonly role?: "assistant";
  readonly content?: string;
  readonly refusal?: null;
  readonly reasoning_content?: string;
}

export interface ChatCompletionChunk extends ReplyHead {
  readonly object: "chat.completion.chunk";
  readonly service_tier: "default";
  readonly choices: readonly {
    readonly index: 0;
    readonly delta: Delta;
    readonly logprobs: null;
    readonly finish_reason: FinishReason | null;
  }[];
  readonly usage?: Usage | null;
}

export interface ChatCompletion extends ReplyHead {
  readonly object: "chat.completion";
  readonly choices: readonly [
    {
      readonly index: 0;
      readonly message: {
        readonly role: "assistant";
        readonly content: string;
        readonly reasoning_content?: string;
        readonly refusal: null;
        readonly annotations: readonly never[];
      };
      readonly logprobs: null;
      readonly finish_reason: FinishReason;
    },
  ];
  readonly usage: Usage;
  readonly service_tier: "default";
}

export function newReplyHead(model: string): ReplyHead {
  return { id: `chatcmpl-${randomBytes(18).toString("base64url")}`, created: Math.floor(Date.now() / 1000), model };
}

/**
 * Reply parts → chunks: the role once, content, the finish alone, then token counts if `countUsage` was given.
 * A keep-alive is a chunk with an empty delta, since comments break clients (https://github.com/openai/openai-go/issues/556).
 */
export async function* toChunks(
  parts: AsyncIterable<ReplyPart | KeepAlive>,
  head: ReplyHead,
  countUsage?: (reply: ReplyText) => Promise<Usage>,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const frame = { ...head, object: "chat.completion.chunk", service_tier: "default" } as const;
  const noUsage = countUsage ? { usage: null } : {};
  const chunk = (delta: Delta, finishReason: FinishReason | null = null): ChatCompletionChunk => ({
    ...frame,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    ...noUsage,
  });
  const answered = { text: "", reasoning: "" };
  let finishReason: FinishReason | undefined;
  let isOpen = false;
  for await (const part of parts) {
    if (!isOpen) yield chunk({ role: "assistant", content: "", refusal: null });
    if (part.type === "text-delta") {
      if (countUsage) answered.text += part.text;
      yield chunk({ content: part.text });
    } else if (part.type === "reasoning-delta") {
      if (countUsage) answered.reasoning += part.text;
      yield chunk({ reasoning_content: part.text });
    } else if (part.type === "end") {
      finishReason = part.finishReason;
    } else if (isOpen) {
      yield chunk({ content: "" });
    }
    isOpen = true;
  }
  if (finishReason === undefined) throw cutShort();
  yield chunk({}, finishReason);
  if (countUsage) yield { ...frame, choices: [], usage: await countUsage(answered) };
}

/** Reply parts → one completion. */
export async function toCompletion(
  parts: AsyncIterable<ReplyPart | KeepAlive>,
  head: ReplyHead,
  countUsage: (reply: ReplyText) => Promise<Usage>,
): Promise<ChatCompletion> {
  let text = "";
  let reasoning = "";
  let finishReason: FinishReason | undefined;
  for await (const part of parts) {
    if (part.type === "text-delta") text += part.text;
    else if (part.type === "reasoning-delta") reasoning += part.text;
    else if (part.type === "end") finishReason = part.finishReason;
  }
  if (finishReason === undefined) throw cutShort();
  const thought = reasoning === "" ? {} : { reasoning_content: reasoning };
  const message = { role: "assistant", content: text, ...thought, refusal: null, annotations: [] } as const;
  return {
    ...head,
    object: "chat.completion",
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage: await countUsage({ text, reasoning }),
    service_tier: "default",
  };
}

function cutShort(): GatewayError {
  return new GatewayError("reply_cut", "The answer ended before it was complete.");
}
