import { prefillOf, type ChatRequest, type Message, type ReplyPart } from "../chat.ts";
import type { AnswerPart, Ask } from "./ask.ts";
import type { ContextLimit } from "./context-limit.ts";
import { emulate } from "./emulation/emulation.ts";
import { withoutRepetition } from "./prefill.ts";
import { cutAtTokens } from "./limit.ts";
import { replyCut } from "./reply-cut.ts";
import { cutAtStop, type TextPart } from "./stop-sequences.ts";
import { countTokens } from "./tokens.ts";

/** Tokens of o200k_base; the site's own model may count differently. */
export interface TokenCount {
  /** Of the text that the site was really sent. */
  readonly prompt: number;
  /** Of what the caller was given, reasoning included. */
  readonly completion: number;
  readonly reasoning: number;
}

/** What is asked, and what the site is sent first for it. */
export interface Question {
  readonly ask: Ask;
  readonly request: ChatRequest;
  readonly contextLimit: ContextLimit;
}

/** Sends one conversation to the site. */
export type Send = (chat: ChatRequest) => AsyncIterable<ReplyPart>;

/** One turn of the model, with what the site has no notion of emulated. It ends with its `end`, or throws. Iterate it once. */
export class Answer implements AsyncIterable<AnswerPart> {
  readonly #question: Question;
  readonly #send: Send;
  readonly #sent: ChatRequest[] = [];
  readonly #calls: string[] = [];
  #text = "";
  #reasoning = "";

  constructor(question: Question, send: Send) {
    this.#question = question;
    this.#send = send;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AnswerPart, void, undefined> {
    let isComplete = false;
    for await (const part of this.#parts()) {
      if (part.type === "text-delta") this.#text += part.text;
      else if (part.type === "reasoning-delta") this.#reasoning += part.text;
      else if (part.type === "tool-call") this.#calls.push(part.name, part.arguments);
      else isComplete = true;
      yield part;
    }
    if (!isComplete) throw replyCut();
  }

  /** What was given so far, without reasoning; of a call its name and its arguments. */
  get text(): string {
    return [this.#text, ...this.#calls].filter((text) => text !== "").join("\n");
  }

  /** Of the whole conversation, though the site may be sent less of it. */
  countPromptTokens(): Promise<number> {
    const { contextLimit, request } = this.#question;
    return countTokens(contextLimit.wholePromptOf(request));
  }

  /** Of what was sent and given so far. */
  async countTokens(): Promise<TokenCount> {
    const { contextLimit } = this.#question;
    let prompt = 0;
    for (const request of this.#sent) prompt += await countTokens(contextLimit.promptOf(request));
    const reasoning = await countTokens(this.#reasoning);
    let completion = reasoning + (await countTokens(this.#text));
    for (const text of this.#calls) completion += await countTokens(text);
    return { prompt, completion, reasoning };
  }

  #parts(): AsyncIterable<AnswerPart> {
    const { ask, request } = this.#question;
    const { chat, tools, format, maxTokens } = ask;
    const isEmulated = tools.length > 0 || format.type !== "text";
    // A lone message goes to the site without a form around it that the model could take up.
    const isPlain = !isEmulated && chat.messages.length === 1 && chat.messages[0]?.role === "user";
    if (isPlain) return this.#turn(chat.messages, maxTokens);
    const answer = emulate(ask, request, (messages, limit) => this.#turn(messages, limit));
    const prefill = prefillOf(chat.messages);
    // JSON is judged as a whole first, its beginning included.
    return prefill === undefined || format.type === "text" ? answer : withoutRepetition(answer, prefill);
  }

  /** Stop sequences and the limit hold for the text that the site gives, calls and all, but not for a repeated prefill. */
  #turn(messages: readonly Message[], maxTokens: number | undefined): AsyncIterable<TextPart> {
    const { chat, format, stop } = this.#question.ask;
    const request = { ...this.#question.request, messages };
    this.#sent.push(request);
    const prefill = format.type === "text" ? prefillOf(chat.messages) : undefined;
    const given = this.#send(request);
    const reply = prefill === undefined ? given : withoutRepetition(given, prefill);
    const stopped = stop.length > 0 ? cutAtStop(reply, stop) : reply;
    return maxTokens === undefined ? stopped : cutAtTokens(stopped, maxTokens);
  }
}
