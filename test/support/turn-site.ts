import type { ChatRequest, Message, ReplyPart } from "../../src/chat.ts";
import { flatten } from "../../src/sites/prompt.ts";
import type { AnswerPart, Ask, Tool } from "../../src/turn/ask.ts";
import { ContextLimit } from "../../src/turn/context-limit.ts";
import { requestOf } from "../../src/turn/emulation/emulation.ts";
import { Answer, type Send } from "../../src/turn/model-answer.ts";
import { marked } from "./marked.ts";

/**
 * A site that gives these answers one after the other, in the pieces given, and keeps what it was sent. It writes the
 * request's own boundary where a piece has `§`.
 */
export class ScriptedSite {
  readonly sent: ChatRequest[] = [];
  /** Pieces that were pulled, and conversations that were left before their end. */
  pulled = 0;
  left = 0;
  readonly #answers: (readonly ReplyPart[])[];

  constructor(...answers: (string | readonly string[] | readonly ReplyPart[])[]) {
    this.#answers = answers.map((answer) => [...[answer].flat().map(toPart), { type: "end", finishReason: "stop" }]);
  }

  readonly send = (chat: ChatRequest): AsyncIterable<ReplyPart> => {
    const answer = this.#answers[this.sent.length];
    if (!answer) throw new Error("The site was asked too often.");
    this.sent.push(chat);
    return this.#parts(answer.map((part) => marked(part, chat.boundary)));
  };

  /** What the last request asked for in addition. */
  get lastMessage(): Message | undefined {
    return this.sent.at(-1)?.messages.at(-1);
  }

  async *#parts(answer: readonly ReplyPart[]): AsyncGenerator<ReplyPart, void, undefined> {
    let isOver = false;
    try {
      for (const part of answer) {
        this.pulled += 1;
        isOver = part.type === "end";
        yield part;
      }
    } finally {
      if (!isOver) this.left += 1;
    }
  }
}

function toPart(piece: string | ReplyPart): ReplyPart {
  return typeof piece === "string" ? { type: "text-delta", text: piece } : piece;
}

export const WEATHER: Tool = {
  kind: "function",
  name: "weather",
  description: "Today's weather",
  parameters: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" } },
    required: ["city"],
    additionalProperties: false,
  },
};
export const NOTE: Tool = { kind: "custom", name: "note", description: undefined, parameters: undefined };
export const PING: Tool = { kind: "function", name: "ping", description: undefined, parameters: undefined };

export function askFor(wanted: Partial<Ask> = {}): Ask {
  return {
    chat: { model: "m", messages: [{ role: "user", text: "Weather in Bern?" }] },
    tools: [],
    toolChoice: "auto",
    parallelToolCalls: true,
    format: { type: "text" },
    stop: [],
    maxTokens: undefined,
    ...wanted,
  };
}

export interface Given {
  readonly parts: readonly AnswerPart[];
  readonly text: string;
  readonly calls: readonly (readonly [name: string, given: string])[];
  readonly finishReason: string | undefined;
}

/** The model's answer to a question. `promptOf` makes the text whose tokens are counted. */
export function answerTo(wanted: Partial<Ask>, send: Send, promptOf = flatten): Answer {
  const ask = askFor(wanted);
  const contextLimit = new ContextLimit({ promptOf, maxPromptCharactersOf: () => undefined, overflow: "refuse" });
  return new Answer({ ask, request: requestOf(ask), contextLimit }, send);
}

export async function answered(site: ScriptedSite, wanted: Partial<Ask> = {}): Promise<Given> {
  const parts = await Array.fromAsync(answerTo(wanted, site.send));
  const ends = parts.filter((part) => part.type === "end");
  if (ends.length !== 1 || parts.at(-1)?.type !== "end") throw new Error("An answer has one end.");
  return {
    parts,
    text: parts.map((part) => (part.type === "text-delta" ? part.text : "")).join(""),
    calls: parts.flatMap((part) => (part.type === "tool-call" ? [[part.name, part.arguments] as const] : [])),
    finishReason: ends[0]?.finishReason,
  };
}
