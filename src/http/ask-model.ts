import type { ChatRequest, ReplyPart } from "../chat.ts";
import type { ModelRequest } from "../dialects/dialect.ts";
import type { GatewayError } from "../errors.ts";
import type { Gateway, Reply } from "../gateway.ts";
import type { Ask } from "../turn/ask.ts";
import { choreOf, type BackgroundMode } from "../turn/chore.ts";
import { uncut, type ContextLimit } from "../turn/context-limit.ts";
import { requestOf } from "../turn/emulation/emulation.ts";
import { localAnswer } from "../turn/local-answer.ts";
import { Answer } from "../turn/model-answer.ts";
import type { InFlightRequests, RequestFingerprint } from "./in-flight-requests.ts";
import { localReply } from "./local-reply.ts";
import type { RequestContext } from "./request-context.ts";
import type { RequestDeadline } from "./request-deadline.ts";

export interface AskModelParts {
  readonly gateway: Pick<Gateway, "reply">;
  /** How the site writes a conversation as one prompt, and how long that may be. */
  readonly contextLimit: ContextLimit;
  /** What becomes of requests that no user waits for, such as a chat's title. */
  readonly background: BackgroundMode;
  /** Which last messages mark such requests, besides the known ones. */
  readonly backgroundPattern: RegExp | undefined;
}

/** The HTTP request that asks. */
export interface Asking {
  readonly inFlight: InFlightRequests;
  readonly fingerprint: RequestFingerprint;
  readonly context: RequestContext;
  readonly deadline: RequestDeadline;
  /** The model that serves, whatever name the caller gave it. */
  readonly model: string;
  /** Whether the client has a status already. */
  readonly isOpen: () => boolean;
}

/** As many answers as the request wants, question by question. The site is asked when an answer is iterated. */
export function askModel(parts: AskModelParts, asked: ModelRequest, asking: Asking): readonly Answer[] {
  const asks = [asked.ask, ...(asked.furtherAsks ?? [])];
  return asks.flatMap((ask, question) => {
    // Sites write prompts each in a way of its own, so the model that serves counts, not its alias.
    const request = { ...requestOf(ask), model: asking.model };
    return Array.from({ length: asked.n }, (_none, index) => {
      const source = new AnswerSource(parts, ask, { ...asking, index: question * asked.n + index });
      return new Answer({ ask, request, contextLimit: parts.contextLimit }, (chat) => source.send(chat));
    });
  });
}

interface OneOfAsking extends Asking {
  /** Which of the request's answers it is. */
  readonly index: number;
}

/** Gets one answer: from the conversation itself, from a request in flight that asks the same, or from the site. */
class AnswerSource {
  readonly #parts: AskModelParts;
  readonly #asking: OneOfAsking;
  /** The queue knows a request by its caller: a repair after the first attempt keeps the position. */
  readonly #caller: Parameters<Gateway["reply"]>[1];
  /** The answer that needs no model. */
  readonly #local: string | undefined;
  /** A repeated request reads along, and its stream may be the one that is open. */
  #isAnyOpen: () => boolean;
  #sends = 0;

  constructor(parts: AskModelParts, ask: Ask, asking: OneOfAsking) {
    const { background, backgroundPattern } = parts;
    const chore = background === "off" ? undefined : choreOf(ask, backgroundPattern);
    this.#parts = parts;
    this.#asking = asking;
    this.#isAnyOpen = asking.isOpen;
    this.#caller = {
      keyId: asking.context.keyId,
      isBackground: chore !== undefined,
      deadlineMs: asking.deadline.deadlineMs,
      isOpen: () => this.#isAnyOpen(),
      requestId: asking.context.id,
      keyName: asking.context.acceptedKey?.name,
    };
    this.#local = chore && background === "local" ? localAnswer(chore, ask) : undefined;
  }

  send(chat: ChatRequest): AsyncIterable<ReplyPart> {
    const { inFlight, fingerprint, context, deadline, isOpen, index } = this.#asking;
    const { contextLimit } = this.#parts;
    const fitting = this.#local === undefined ? contextLimit.fit(chat) : uncut(chat);
    if (!fitting) return refused(contextLimit.refusal(chat));
    context.contextCut = fitting;
    this.#sends += 1;
    // The site is asked separately for each of several answers, and for a repair after the first attempt.
    const itsFingerprint = { ...fingerprint, key: `${fingerprint.key} ${index} ${this.#sends}` };
    const start = (signal: AbortSignal, isAnyOpen: () => boolean): Reply => {
      this.#isAnyOpen = isAnyOpen;
      return this.#start(fitting.request, signal);
    };
    const reply = inFlight.read(itsFingerprint, start, { signal: deadline.signal, isOpen });
    context.progress = reply.progress;
    return this.#timed(reply);
  }

  #start(request: ChatRequest, signal: AbortSignal): Reply {
    if (this.#local !== undefined) return localReply(this.#local);
    return this.#parts.gateway.reply(request, this.#caller, signal);
  }

  async *#timed(parts: AsyncIterable<ReplyPart>): AsyncGenerator<ReplyPart, void, undefined> {
    const { context, deadline } = this.#asking;
    for await (const part of parts) {
      if (part.type !== "end") {
        context.markFirstToken();
        deadline.progressed();
      }
      yield part;
    }
  }
}

// oxlint-disable-next-line require-yield -- it fails before its first part
async function* refused(error: Promise<GatewayError>): AsyncGenerator<ReplyPart, void, undefined> {
  throw await error;
}
