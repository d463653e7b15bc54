import type { z } from "zod";
import type { AnswerPart, ToolCallPart } from "../../../turn/ask.ts";
import { pieces } from "../../../turn/pieces.ts";
import type { Answers } from "../../dialect.ts";
import { toUsage } from "../usage.ts";
import type { chatCompletionChunkSchema } from "./answer-schema.ts";
import { finishReasonOf, newReplyHead, type FinishReason } from "./reply.ts";
import type { ChatCompletionRequest } from "./request.ts";

export type ChatCompletionChunk = z.infer<typeof chatCompletionChunkSchema>;
type Delta = ChatCompletionChunk["choices"][number]["delta"];

/** One choice's way from its parts to its deltas. */
class ChoiceStream {
  readonly #usesFunctions: boolean;
  #calls = 0;
  isOver = false;

  constructor(usesFunctions: boolean) {
    this.#usesFunctions = usesFunctions;
  }

  *deltas(part: AnswerPart): Generator<Delta, void, undefined> {
    switch (part.type) {
      case "text-delta":
        for (const content of pieces(part.text)) yield { content };
        return;
      case "reasoning-delta":
        for (const piece of pieces(part.text)) yield { reasoning_content: piece };
        return;
      case "tool-call":
        if (this.#usesFunctions) yield* functionDeltas(part);
        else yield* callDeltas(part, this.#calls);
        this.#calls += 1;
        return;
      case "end":
        this.isOver = true;
        return;
      default:
        part satisfies never;
    }
  }
}

/** The name comes once, in the first delta. */
function* functionDeltas({ name, arguments: given }: ToolCallPart): Generator<Delta, void, undefined> {
  const [first = "", ...rest] = pieces(given);
  yield { function_call: { name, arguments: first } };
  for (const piece of rest) yield { function_call: { arguments: piece } };
}

/** The name and id come once, in the call's first delta; clients join what is repeated. */
function* callDeltas(call: ToolCallPart, index: number): Generator<Delta, void, undefined> {
  const { id, name } = call;
  if (call.kind === "custom") {
    yield { tool_calls: [{ index, id, type: "custom", custom: { name, input: "" } }] };
    for (const input of pieces(call.arguments)) {
      yield { tool_calls: [{ index, custom: { input } }] };
    }
    return;
  }
  yield { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] };
  for (const piece of pieces(call.arguments)) {
    yield { tool_calls: [{ index, function: { arguments: piece } }] };
  }
}

/**
 * Parts → chunks: each choice's role once, its deltas, its finish alone, then token counts if they were asked for.
 * A keep-alive is a chunk with an empty delta, since comments break clients (https://github.com/openai/openai-go/issues/556).
 */
export async function* toChunks(
  answers: Answers,
  { ask, n, usesFunctions, includeUsage }: ChatCompletionRequest,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const head = newReplyHead(ask.chat.model);
  const frame = { ...head, object: "chat.completion.chunk", service_tier: "default" } as const;
  const noUsage = includeUsage ? { usage: null } : {};
  const chunk = (index: number, delta: Delta, finishReason: FinishReason | null = null): ChatCompletionChunk => ({
    ...frame,
    choices: [{ index, delta, logprobs: null, finish_reason: finishReason }],
    ...noUsage,
  });
  const streams = Array.from({ length: n }, () => new ChoiceStream(usesFunctions));
  let isOpen = false;
  for await (const item of answers) {
    if (!isOpen) {
      for (const index of streams.keys()) yield chunk(index, { role: "assistant", content: "", refusal: null });
    } else if ("type" in item) {
      yield chunk(
        streams.findIndex(({ isOver }) => !isOver),
        { content: "" },
      );
    }
    isOpen = true;
    if ("type" in item) continue;
    for (const delta of streams[item.index]?.deltas(item.part) ?? []) yield chunk(item.index, delta);
    if (item.part.type === "end") yield chunk(item.index, {}, finishReasonOf(item.part.finishReason, usesFunctions));
  }
  if (includeUsage) yield { ...frame, choices: [], usage: toUsage(await answers.countTokens()) };
}
