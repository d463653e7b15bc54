import type { ChatRequest, Message, ReplyPart } from "../chat.ts";
import type { AnswerPart, Ask } from "./ask.ts";
import { cutAtStop } from "./stop.ts";
import { countTokens } from "./tokens.ts";

/** Tokens of o200k_base; the site's own model may count differently. */
export interface TokenCount {
  /** Of the text that the site was really sent. */
  readonly prompt: number;
  /** Of what the caller was given, reasoning included. */
  readonly completion: number;
  readonly reasoning: number;
}

/** Sends one conversation to the site. */
export type Send = (chat: ChatRequest) => AsyncIterable<ReplyPart>;

/** One turn of the model, with what the site has no notion of emulated. Iterate it once. */
export class Answer implements AsyncIterable<AnswerPart> {
  readonly #ask: Ask;
  readonly #send: Send;
  readonly #sent: (readonly Message[])[] = [];
  #text = "";
  #reasoning = "";

  constructor(ask: Ask, send: Send) {
    this.#ask = ask;
    this.#send = send;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AnswerPart, void, undefined> {
    const { chat, stop } = this.#ask;
    this.#sent.push(chat.messages);
    for await (const part of cutAtStop(this.#send(chat), stop)) {
      if (part.type === "text-delta") this.#text += part.text;
      else if (part.type === "reasoning-delta") this.#reasoning += part.text;
      yield part;
    }
  }

  /** What was sent and given so far. `promptOf` makes the text that the site is sent. */
  async countTokens(promptOf: (messages: readonly Message[]) => string): Promise<TokenCount> {
    let prompt = 0;
    for (const messages of this.#sent) prompt += await countTokens(promptOf(messages));
    const reasoning = await countTokens(this.#reasoning);
    return { prompt, completion: reasoning + (await countTokens(this.#text)), reasoning };
  }
}
