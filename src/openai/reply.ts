import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { AnswerEnd, AnswerPart, ToolCallPart } from "../turn/ask.ts";
import type { KeepAlive } from "../turn/keep-alive.ts";
import type { Choice } from "../turn/merge.ts";
import { pieces } from "../turn/pieces.ts";
import type { Usage } from "./usage.ts";

/** What all chunks of an answer share. Clients take a change of it for another answer. */
export interface ReplyHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** `function_call` is what `tool_calls` was called before tools. */
type FinishReason = AnswerEnd | "function_call";

/** How an answer is to be told. */
export interface ReplyForm {
  readonly head: ReplyHead;
  /** How many answers there are. */
  readonly choices: number;
  /** A call is told in the older form, as it was asked for. */
  readonly usesFunctions: boolean;
}

interface Called {
  readonly id: string;
  readonly type: "function" | "custom";
  readonly function?: { readonly name: string; readonly arguments: string };
  readonly custom?: { readonly name: string; readonly input: string };
}

interface Delta {
  readonly role?: "assistant";
  readonly content?: string;
  readonly refusal?: null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly (Partial<Called> & { readonly index: number })[];
  readonly function_call?: { readonly name?: string; readonly arguments: string };
}

export interface ChatCompletionChunk extends ReplyHead {
  readonly object: "chat.completion.chunk";
  readonly service_tier: "default";
  readonly choices: readonly {
    readonly index: number;
    readonly delta: Delta;
    readonly logprobs: null;
    readonly finish_reason: FinishReason | null;
  }[];
  readonly usage?: Usage | null;
}

interface CompletionChoice {
  readonly index: number;
  readonly message: {
    readonly role: "assistant";
    readonly content: string | null;
    readonly reasoning_content?: string;
    readonly tool_calls?: readonly Called[];
    readonly function_call?: Called["function"];
    readonly refusal: null;
    readonly annotations: readonly never[];
  };
  readonly logprobs: null;
  readonly finish_reason: FinishReason;
}

export interface ChatCompletion extends ReplyHead {
  readonly object: "chat.completion";
  readonly choices: readonly CompletionChoice[];
  readonly usage: Usage;
  readonly service_tier: "default";
}

export function newReplyHead(model: string, prefix: "chatcmpl" | "cmpl" = "chatcmpl"): ReplyHead {
  const id = `${prefix}-${randomBytes(18).toString("base64url")}`;
  return { id, created: Math.floor(Date.now() / 1000), model };
}

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
      yield { tool_calls: [{ index, custom: { input } as Called["custom"] & object }] };
    }
    return;
  }
  yield { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] };
  for (const piece of pieces(call.arguments)) {
    yield { tool_calls: [{ index, function: { arguments: piece } as Called["function"] & object }] };
  }
}

/**
 * Parts → chunks: each choice's role once, its deltas, its finish alone, then token counts if `countUsage` was given.
 * A keep-alive is a chunk with an empty delta, since comments break clients (https://github.com/openai/openai-go/issues/556).
 */
export async function* toChunks(
  parts: AsyncIterable<Choice | KeepAlive>,
  { head, choices, usesFunctions }: ReplyForm,
  countUsage?: () => Promise<Usage>,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const frame = { ...head, object: "chat.completion.chunk", service_tier: "default" } as const;
  const noUsage = countUsage ? { usage: null } : {};
  const chunk = (index: number, delta: Delta, finishReason: FinishReason | null = null): ChatCompletionChunk => ({
    ...frame,
    choices: [{ index, delta, logprobs: null, finish_reason: finishReason }],
    ...noUsage,
  });
  const streams = Array.from({ length: choices }, () => new ChoiceStream(usesFunctions));
  let isOpen = false;
  for await (const item of parts) {
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
  if (!streams.every(({ isOver }) => isOver)) throw cutShort();
  if (countUsage) yield { ...frame, choices: [], usage: await countUsage() };
}

/** Parts → one completion. */
export async function toCompletion(
  parts: AsyncIterable<Choice | KeepAlive>,
  { head, choices, usesFunctions }: ReplyForm,
  countUsage: () => Promise<Usage>,
): Promise<ChatCompletion> {
  const collected = Array.from({ length: choices }, (): AnswerPart[] => []);
  for await (const item of parts) if ("part" in item) collected[item.index]?.push(item.part);
  return {
    ...head,
    object: "chat.completion",
    choices: collected.map((its, index) => toChoice(its, index, usesFunctions)),
    usage: await countUsage(),
    service_tier: "default",
  };
}

function toChoice(parts: readonly AnswerPart[], index: number, usesFunctions: boolean): CompletionChoice {
  const end = parts.find((part) => part.type === "end");
  if (!end) throw cutShort();
  const text = joined(parts, "text-delta");
  const reasoning = joined(parts, "reasoning-delta");
  const calls = parts.filter((part) => part.type === "tool-call").map(toCalled);
  const message = {
    role: "assistant",
    content: calls.length > 0 && text === "" ? null : text,
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(calls.length > 0 && (usesFunctions ? { function_call: calls[0]?.function } : { tool_calls: calls })),
    refusal: null,
    annotations: [],
  } as const;
  return { index, message, logprobs: null, finish_reason: finishReasonOf(end.finishReason, usesFunctions) };
}

function finishReasonOf(end: AnswerEnd, usesFunctions: boolean): FinishReason {
  return usesFunctions && end === "tool_calls" ? "function_call" : end;
}

function joined(parts: readonly AnswerPart[], type: "text-delta" | "reasoning-delta"): string {
  return parts.map((part) => (part.type === type ? part.text : "")).join("");
}

function toCalled(call: ToolCallPart): Called {
  const { id, name } = call;
  if (call.kind === "custom") return { id, type: "custom", custom: { name, input: call.arguments } };
  return { id, type: "function", function: { name, arguments: call.arguments } };
}

function cutShort(): GatewayError {
  return new GatewayError("reply_cut", "The answer ended before it was complete.");
}
