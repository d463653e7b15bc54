import { GatewayError } from "../../../errors.ts";
import type { AnswerPart, ToolCallPart } from "../../../turn/ask.ts";
import { pieces } from "../../../turn/pieces.ts";
import type { Answers } from "../../dialect.ts";
import { toErrorBody } from "../error.ts";
import { newItemId, outputText, type ItemStatus } from "./item.ts";
import {
  endedResponse,
  failedResponse,
  toResponseUsage,
  type OutputItem,
  type ResponseObject,
} from "./response-object.ts";
import { toWireCall } from "./call-form.ts";
import type { DeclaredTools } from "./declared-tools.ts";
import type { ResponseRequest } from "./request.ts";

export interface ResponseEvent extends Readonly<Record<string, unknown>> {
  readonly type: string;
  /** Of events that tell how the whole response stands. */
  readonly response?: ResponseObject;
}

export interface NumberedEvent extends ResponseEvent {
  readonly sequence_number: number;
}

type BegunResponse = Pick<ResponseRequest, "response" | "declaredTools">;

/** The events with their numbers, from 0. */
export async function* numbered(events: AsyncIterable<ResponseEvent>): AsyncGenerator<NumberedEvent, void, undefined> {
  let sequenceNumber = 0;
  for await (const event of events) {
    yield { ...event, sequence_number: sequenceNumber };
    sequenceNumber += 1;
  }
}

/** Events → the response at its end. */
export async function toResponse(
  events: AsyncIterable<ResponseEvent>,
  { response: begun }: BegunResponse,
): Promise<ResponseObject> {
  let last = begun;
  for await (const { response } of events) last = response ?? last;
  return last;
}

/** Parts → events. A failure after the first of them is told in both forms that clients know. */
export async function* toResponseEvents(
  answers: Answers,
  { response: begun, declaredTools }: BegunResponse,
): AsyncGenerator<ResponseEvent, void, undefined> {
  const output = new Output(declaredTools);
  let isOpen = false;
  try {
    for await (const item of answers) {
      if (!isOpen) {
        isOpen = true;
        yield { type: "response.created", response: begun };
        yield { type: "response.in_progress", response: begun };
      }
      if ("type" in item) yield { type: "keepalive" };
      else if (item.part.type !== "end") yield* output.add(item.part);
      else {
        const { finishReason: reason } = item.part;
        yield* output.end(reason === "length" || reason === "content_filter");
        const usage = toResponseUsage(await answers.countTokens());
        const ended = endedResponse(begun, output.items, { reason, usage });
        yield { type: `response.${ended.status}`, response: ended };
      }
    }
  } catch (cause) {
    const error = GatewayError.from(cause);
    if (isOpen && error.code !== "client_closed") yield* tellFailure(begun, output.items, error);
    throw error;
  }
}

function* tellFailure(
  begun: ResponseObject,
  output: readonly OutputItem[],
  error: GatewayError,
): Generator<ResponseEvent, void, undefined> {
  const { message, type, param, code } = toErrorBody(error).error;
  // The flat form is the specification's, the nested one what OpenAI sends; clients know one or the other.
  yield { type: "error", code, message, param, error: { type, code, message, param } };
  yield { type: "response.failed", response: failedResponse(begun, output, { error, message }) };
}

interface OpenText {
  readonly id: string;
  readonly kind: "message" | "reasoning";
  text: string;
}

/** The output as it grows: an item after the other, each told from its opening to its end. */
class Output {
  readonly items: OutputItem[] = [];
  readonly #declaredTools: DeclaredTools;
  #open: OpenText | undefined;

  constructor(declaredTools: DeclaredTools) {
    this.#declaredTools = declaredTools;
  }

  *add(part: Exclude<AnswerPart, { type: "end" }>): Generator<ResponseEvent, void, undefined> {
    if (part.type === "tool-call") {
      yield* this.#close("completed");
      yield* this.#call(part);
      return;
    }
    if (part.text === "") return;
    const open = yield* this.#opened(part.type === "text-delta" ? "message" : "reasoning");
    open.text += part.text;
    const { textEvent, place, extra } = TEXTS[open.kind];
    for (const delta of pieces(part.text)) {
      yield { type: `${textEvent}.delta`, ...this.#where(open.id), ...place, delta, ...extra };
    }
  }

  /** An answer without text or a call is an empty message, so that there is one. */
  *end(isCut: boolean): Generator<ResponseEvent, void, undefined> {
    if (!this.#open && this.items.every(({ type }) => type === "reasoning")) yield* this.#opened("message");
    yield* this.#close(isCut ? "incomplete" : "completed");
  }

  *#opened(kind: OpenText["kind"]): Generator<ResponseEvent, OpenText, undefined> {
    if (this.#open?.kind === kind) return this.#open;
    yield* this.#close("completed");
    const open = { id: newItemId(kind), kind, text: "" };
    this.#open = open;
    const { item, part, partEvent, place } = TEXTS[kind];
    yield this.#told("added", item(open, "in_progress"));
    yield { type: `${partEvent}.added`, ...this.#where(open.id), ...place, part: part("") };
    return open;
  }

  *#close(status: ItemStatus): Generator<ResponseEvent, void, undefined> {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const { id, text } = open;
    const { item, part, partEvent, textEvent, place, extra } = TEXTS[open.kind];
    const where = { ...this.#where(id), ...place };
    yield { type: `${textEvent}.done`, ...where, text, ...extra };
    yield { type: `${partEvent}.done`, ...where, part: part(text) };
    yield* this.#done(item(open, status));
  }

  *#call(call: ToolCallPart): Generator<ResponseEvent, void, undefined> {
    const { opened, events, done } = toWireCall(call, this.#declaredTools.formOf(call));
    yield this.#told("added", opened);
    for (const event of events) yield { ...event, output_index: this.items.length };
    yield* this.#done(done);
  }

  *#done(item: OutputItem): Generator<ResponseEvent, void, undefined> {
    yield this.#told("done", item);
    this.items.push(item);
  }

  #told(stage: "added" | "done", item: OutputItem): ResponseEvent {
    return { type: `response.output_item.${stage}`, output_index: this.items.length, item };
  }

  #where(id: string): { readonly item_id: string; readonly output_index: number } {
    return { item_id: id, output_index: this.items.length };
  }
}

/** Items made of text, each of one part. */
const TEXTS = {
  message: {
    partEvent: "response.content_part",
    textEvent: "response.output_text",
    place: { content_index: 0 },
    extra: { logprobs: [] },
    part: outputText,
    item: ({ id, text }: OpenText, status: ItemStatus): OutputItem => ({
      id,
      type: "message",
      status,
      role: "assistant",
      content: status === "in_progress" ? [] : [outputText(text)],
    }),
  },
  reasoning: {
    partEvent: "response.reasoning_summary_part",
    textEvent: "response.reasoning_summary_text",
    place: { summary_index: 0 },
    extra: {},
    part: (text: string) => ({ type: "summary_text", text }),
    item: ({ id, text }: OpenText, status: ItemStatus): OutputItem => ({
      id,
      type: "reasoning",
      summary: status === "in_progress" ? [] : [{ type: "summary_text", text }],
    }),
  },
} as const;
