import type { Request, RequestHandler, Response } from "express";
import type { ChatRequest, ReplyPart } from "../chat.ts";
import type { Gateway } from "../gateway.ts";
import { Answer, type TokenCount } from "../turn/answer.ts";
import type { Ask } from "../turn/ask.ts";
import { isBackground } from "../turn/background.ts";
import { uncheckedParams } from "../turn/emulation/emulation.ts";
import type { KeepAlive } from "../turn/keep-alive.ts";
import { listedNames } from "../turn/params.ts";
import { refuseLargeSchemas } from "../turn/tool-limits.ts";
import { sendJson } from "./answer.ts";
import { parseBody } from "./body.ts";
import { exchangeOf, type Exchange } from "./exchange.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import { Patience } from "./patience.ts";
import { withPulse } from "./pulse.ts";
import { questionOf, RunningReplies, type Question } from "./running-replies.ts";
import { delivered, sendEvents, UNREAD_LIMIT_MS, type EventFrames } from "./sse.ts";

export interface TurnLimits {
  /** For a whole request. */
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
  /** Which requests nobody watches for, by their last message. */
  readonly backgroundPattern: RegExp;
  readonly limits: TurnLimits;
}

/** A model request of any dialect, parsed. */
export interface Asked {
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
export interface Dialect<A extends Asked> {
  /** @throws GatewayError that names the offending parameter. */
  parse(body: unknown, request: Request): A;
  /** The answer in one piece. */
  whole(asked: A, turn: Turn): Promise<unknown>;
  /** The answer's events, one item each. */
  events(asked: A, turn: Turn): AsyncIterable<unknown>;
  readonly frames: EventFrames;
}

/** A route of a dialect: parse, ask, then stream or collect. */
export function serveTurn<A extends Asked>(parts: TurnParts, dialect: Dialect<A>): RequestHandler {
  const running = new RunningReplies();
  return async (request, response) => {
    const asked = dialect.parse(withModel(parseBody(request), parts.models), request);
    refuseLargeSchemas(asked.ask.tools);
    const exchange = exchangeOf(response);
    const model = parts.models.serving(asked.ask.chat.model);
    exchange.model = model;
    exchange.ignoredParams = asked.ignoredParams;
    exchange.emulatedParams = asked.emulatedParams;
    exchange.uncheckedParams = listedNames(await uncheckedParams(asked.ask));
    using patience = new Patience(response, request.headers, parts.limits.requestTimeoutMs);
    const question = questionOf(exchange.tenant, exchange.route ?? "", request.headers, request.body as Buffer);
    const turn = openTurn(parts, asked, { running, question, exchange, model, signal: patience.signal });
    await deliver({ asked, turn, dialect, patience, limits: parts.limits }, response);
  };
}

/** A caller that names no model gets an answer that names the one that served it. */
function withModel(body: unknown, models: ModelCatalog): unknown {
  const isNameless = typeof body === "object" && body !== null && "model" in body && body.model === "";
  return isNameless ? { ...body, model: models.serving("") } : body;
}

interface Delivery<A extends Asked> {
  readonly asked: A;
  readonly turn: Turn;
  readonly dialect: Dialect<A>;
  readonly patience: Patience;
  readonly limits: TurnLimits;
}

async function deliver<A extends Asked>(delivery: Delivery<A>, response: Response): Promise<void> {
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
  readonly running: RunningReplies;
  readonly question: Question;
  readonly exchange: Exchange;
  /** The one that serves. */
  readonly model: string;
  readonly signal: AbortSignal;
}

function openTurn(parts: TurnParts, asked: Asked, { running, question, exchange, model, signal }: TurnContext): Turn {
  const { gateway, limits, promptOf } = parts;
  const asks = [asked.ask, ...(asked.furtherAsks ?? [])];
  const wanted = asks.flatMap((ask) => Array.from({ length: asked.n }, () => ask));
  const answers = wanted.map((ask, index) => {
    const caller = { tenant: exchange.tenant, isBackground: isBackground(ask.chat.messages, parts.backgroundPattern) };
    let sent = 0;
    return new Answer(ask, (chat) => {
      sent += 1;
      // Of several answers, and of a repair after the first one, each is a turn of its own.
      const turn = { ...question, key: `${question.key} ${index} ${sent}` };
      const reply = running.read(turn, (its) => gateway.reply({ ...chat, model }, caller, its), signal);
      exchange.progress = reply.progress;
      return timed(reply, exchange);
    });
  });
  const pulse = asked.stream
    ? { afterMs: limits.keepAliveAfterMs, everyMs: limits.keepAliveEveryMs }
    : { afterMs: Infinity, everyMs: Infinity };
  return {
    answers,
    pulsed: (items) => withPulse(items, pulse, signal),
    countTokens: async () => {
      const counts = await Promise.all(answers.map((answer) => answer.countTokens(promptOf)));
      return counts.reduce((sum, count, index) => ({
        // Each question once, however many answers.
        prompt: sum.prompt + (index % asked.n === 0 ? count.prompt : 0),
        completion: sum.completion + count.completion,
        reasoning: sum.reasoning + count.reasoning,
      }));
    },
  };
}

async function* timed(parts: AsyncIterable<ReplyPart>, exchange: Exchange): AsyncGenerator<ReplyPart, void, undefined> {
  for await (const part of parts) {
    if (part.type !== "end") exchange.markFirstToken();
    yield part;
  }
}
