import type { Request, RequestHandler, Response } from "express";
import type { ChatRequest, ReplyPart } from "../chat.ts";
import type { GatewayError } from "../errors.ts";
import type { Gateway, Reply } from "../gateway.ts";
import { Answer, type TokenCount } from "../turn/model-answer.ts";
import type { Ask } from "../turn/ask.ts";
import { choreOf, type BackgroundMode } from "../turn/chore.ts";
import { ContextLimit, uncut, type ContextOverflow } from "../turn/context-limit.ts";
import { uncheckedParams } from "../turn/emulation/emulation.ts";
import type { KeepAlive } from "../turn/keep-alive.ts";
import { localAnswer } from "../turn/local-answer.ts";
import { listedNames } from "../dialects/parameters.ts";
import { refuseLargeSchemas } from "../turn/tool-limits.ts";
import { sendJson } from "./respond.ts";
import { parseBody } from "./body.ts";
import { requestContextOf, type RequestContext } from "./request-context.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import { localReply } from "./local-reply.ts";
import { RequestDeadline } from "./request-deadline.ts";
import { withKeepAlive } from "./with-keep-alive.ts";
import { fingerprintOf, InFlightRequests, type RequestFingerprint } from "./in-flight-requests.ts";
import { delivered, sendEvents, UNREAD_LIMIT_MS, type EventFrames } from "./sse.ts";

export interface TurnLimits {
  /** For waiting and the beginning of an answer; for all of it where it is not streamed. */
  readonly requestTimeoutMs: number;
  /** A stream opens at the latest after this long, … */
  readonly keepAliveAfterMs: number;
  /** … and is never silent for longer than this. */
  readonly keepAliveEveryMs: number;
  /** Answers to one request. */
  readonly maxChoices: number;
  /** A client that reads nothing for this long is cut off. */
  readonly unreadLimitMs?: number;
}

export interface TurnParts {
  readonly gateway: Pick<Gateway, "reply">;
  readonly models: ModelCatalog;
  /** The text that the site is really sent, for counting its tokens. */
  readonly promptOf: (request: ChatRequest) => string;
  /** The most that the site takes in one prompt, where that is known, and what becomes of more. */
  readonly maxPromptCharacters: number | undefined;
  readonly contextOverflow: ContextOverflow;
  /** What becomes of requests that nobody watches for. */
  readonly background: BackgroundMode;
  /** Which last messages tell them, beside the known ones. */
  readonly backgroundPattern: RegExp | undefined;
  readonly limits: TurnLimits;
}

/** A model request of any dialect, parsed. */
export interface ParsedRequest {
  readonly ask: Ask;
  /** Other questions in the same request. */
  readonly furtherAsks?: readonly Ask[];
  /** How many answers to each question are wanted; each is a turn of its own on the site. */
  readonly n: number;
  readonly stream: boolean;
  /** Names of parameters that were given and have no effect, and of those that are imitated by prompting. */
  readonly ignoredParams: readonly string[];
  readonly emulatedParams: readonly string[];
}

/** A request under way, as its dialect sees it. */
export interface Turn {
  /** As many as were asked for, question by question. */
  readonly answers: readonly Answer[];
  /** The items with keep-alives between them in a stream; ends with the request. */
  pulsed<T>(items: AsyncIterable<T>): AsyncIterable<T | KeepAlive>;
  /** Over all answers so far. */
  countTokens(): Promise<TokenCount>;
}

/** How a dialect reads a request and writes its answer. */
export interface Dialect<A extends ParsedRequest> {
  /** @throws GatewayError that names the offending parameter. */
  parse(body: unknown, request: Request): A;
  /** The answer in one piece. */
  whole(asked: A, turn: Turn): Promise<unknown>;
  /** The answer's events, one item each. */
  events(asked: A, turn: Turn): AsyncIterable<unknown>;
  readonly frames: EventFrames;
}

/** A route of a dialect: parse, ask, then stream or collect. */
export function serveTurn<A extends ParsedRequest>(parts: TurnParts, dialect: Dialect<A>): RequestHandler {
  const running = new InFlightRequests();
  return async (request, response) => {
    const asked = dialect.parse(withModel(parseBody(request), parts.models), request);
    refuseLargeSchemas(asked.ask.tools);
    const exchange = requestContextOf(response);
    const model = parts.models.serving(asked.ask.chat.model);
    exchange.model = model;
    exchange.ignoredParams = asked.ignoredParams;
    exchange.emulatedParams = asked.emulatedParams;
    exchange.uncheckedParams = listedNames(await uncheckedParams(asked.ask));
    const { requestTimeoutMs } = parts.limits;
    using patience = new RequestDeadline(response, request.headers, { requestTimeoutMs, isStream: asked.stream });
    const question = fingerprintOf(exchange.keyId, exchange.route ?? "", request.headers, request.body as Buffer);
    const isOpen = (): boolean => response.headersSent;
    const turn = openTurn(parts, asked, { running, question, exchange, model, patience, isOpen });
    await deliver({ asked, turn, dialect, patience, limits: parts.limits }, response);
  };
}

/** A caller that names no model gets an answer that names the one that served it. */
function withModel(body: unknown, models: ModelCatalog): unknown {
  const isNameless = typeof body === "object" && body !== null && "model" in body && body.model === "";
  return isNameless ? { ...body, model: models.serving("") } : body;
}

interface Delivery<A extends ParsedRequest> {
  readonly asked: A;
  readonly turn: Turn;
  readonly dialect: Dialect<A>;
  readonly patience: RequestDeadline;
  readonly limits: TurnLimits;
}

async function deliver<A extends ParsedRequest>(delivery: Delivery<A>, response: Response): Promise<void> {
  const { asked, turn, dialect, patience, limits } = delivery;
  const unreadLimitMs = limits.unreadLimitMs ?? UNREAD_LIMIT_MS;
  if (asked.stream) {
    await sendEvents(response, dialect.events(asked, turn), { frames: dialect.frames, patience, unreadLimitMs });
    return;
  }
  sendJson(response, 200, await dialect.whole(asked, turn));
  await delivered(response, unreadLimitMs);
}

interface TurnContext {
  readonly running: InFlightRequests;
  readonly question: RequestFingerprint;
  readonly exchange: RequestContext;
  /** The one that serves. */
  readonly model: string;
  readonly patience: RequestDeadline;
  /** Whether the client has a status already. */
  readonly isOpen: () => boolean;
}

function openTurn(parts: TurnParts, asked: ParsedRequest, turnContext: TurnContext): Turn {
  const { running, question, exchange, model, patience, isOpen } = turnContext;
  const { signal, deadlineMs } = patience;
  const { gateway, limits } = parts;
  const context = new ContextLimit({ ...parts, overflow: parts.contextOverflow });
  const asks = [asked.ask, ...(asked.furtherAsks ?? [])];
  const wanted = asks.flatMap((ask) => Array.from({ length: asked.n }, () => ask));
  const answers = wanted.map((ask, index) => {
    const chore = parts.background === "off" ? undefined : choreOf(ask, parts.backgroundPattern);
    const local = chore && parts.background === "local" ? localAnswer(chore, ask) : undefined;
    // A repeated request reads along, and its stream may be the one that is open.
    let isAnyOpen = isOpen;
    const caller = {
      keyId: exchange.keyId,
      isBackground: chore !== undefined,
      deadlineMs,
      isOpen: () => isAnyOpen(),
    };
    const start = (chat: ChatRequest, its: AbortSignal): Reply =>
      local === undefined ? gateway.reply({ ...chat, model }, caller, its) : localReply(local);
    let sent = 0;
    return new Answer(ask, (chat) => {
      const fitting = local === undefined ? context.fit(chat) : uncut(chat);
      if (!fitting) return refused(context.refusal(chat));
      exchange.contextCut = fitting;
      sent += 1;
      // Of several answers, and of a repair after the first one, each is a turn of its own.
      const turn = { ...question, key: `${question.key} ${index} ${sent}` };
      const begin = (its: AbortSignal, isRead: () => boolean): Reply => {
        isAnyOpen = isRead;
        return start(fitting.request, its);
      };
      const reply = running.read(turn, begin, { signal, isOpen });
      exchange.progress = reply.progress;
      return timed(reply, () => {
        exchange.markFirstToken();
        patience.progressed();
      });
    });
  });
  const pulse = asked.stream
    ? { afterMs: limits.keepAliveAfterMs, everyMs: limits.keepAliveEveryMs }
    : { afterMs: Infinity, everyMs: Infinity };
  return {
    answers,
    pulsed: (items) => withKeepAlive(items, pulse, signal),
    countTokens: async () => {
      const counts = await Promise.all(answers.map((answer) => answer.countTokens(context.promptOf)));
      return counts.reduce((sum, count, index) => ({
        // Each question once, however many answers.
        prompt: sum.prompt + (index % asked.n === 0 ? count.prompt : 0),
        completion: sum.completion + count.completion,
        reasoning: sum.reasoning + count.reasoning,
      }));
    },
  };
}

// oxlint-disable-next-line require-yield -- it fails before its first part
async function* refused(error: Promise<GatewayError>): AsyncGenerator<ReplyPart, void, undefined> {
  throw await error;
}

async function* timed(
  parts: AsyncIterable<ReplyPart>,
  onProgress: () => void,
): AsyncGenerator<ReplyPart, void, undefined> {
  for await (const part of parts) {
    if (part.type !== "end") onProgress();
    yield part;
  }
}
