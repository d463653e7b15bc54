import type { RequestHandler } from "express";
import type { Message, ReplyPart } from "../chat.ts";
import type { Gateway } from "../gateway.ts";
import { newReplyHead, toChunks, toCompletion, type ReplyText } from "../openai/reply.ts";
import { parseChatCompletion } from "../openai/request.ts";
import { cutAtStop } from "../openai/stop.ts";
import { countUsage } from "../openai/usage.ts";
import { sendJson } from "./answer.ts";
import { parseBody } from "./body.ts";
import { exchangeOf, type Exchange } from "./exchange.ts";
import { Patience } from "./patience.ts";
import { untilAborted, withPulse } from "./pulse.ts";
import { delivered, sendEvents, UNREAD_LIMIT_MS } from "./sse.ts";

export interface ChatLimits {
  /** For a whole request. */
  readonly requestTimeoutMs: number;
  /** A stream opens at the latest after this long, … */
  readonly keepAliveAfterMs: number;
  /** … and is never silent for longer than this. */
  readonly keepAliveEveryMs: number;
  /** A client that reads nothing for this long is cut off. */
  readonly unreadLimitMs?: number;
}

export interface ChatParts {
  readonly gateway: Pick<Gateway, "reply">;
  readonly models: readonly string[];
  /** The text that the site is really sent, for counting its tokens. */
  readonly promptOf: (messages: readonly Message[]) => string;
  readonly limits: ChatLimits;
}

/** `POST /v1/chat/completions`: parse, ask, then stream or collect. */
export function chatCompletions({ gateway, models, promptOf, limits }: ChatParts): RequestHandler {
  return async (request, response) => {
    const asked = parseChatCompletion(parseBody(request), models);
    using patience = new Patience(response, request.headers, limits.requestTimeoutMs);
    const { signal } = patience;
    const reply = gateway.reply(asked.chat, signal);
    const exchange = exchangeOf(response);
    exchange.reply = reply;
    exchange.ignoredParams = asked.ignoredParams;
    const parts = cutAtStop(timed(reply, exchange), asked.stop);
    const head = newReplyHead(asked.chat.model);
    const count = (text: ReplyText) => countUsage(promptOf(asked.chat.messages), text);
    const unreadLimitMs = limits.unreadLimitMs ?? UNREAD_LIMIT_MS;
    if (!asked.stream) {
      sendJson(response, 200, await toCompletion(untilAborted(parts, signal), head, count));
      await delivered(response, unreadLimitMs);
      return;
    }
    const pulse = { afterMs: limits.keepAliveAfterMs, everyMs: limits.keepAliveEveryMs };
    const chunks = toChunks(withPulse(parts, pulse, signal), head, asked.includeUsage ? count : undefined);
    await sendEvents(response, chunks, patience, unreadLimitMs);
  };
}

async function* timed(parts: AsyncIterable<ReplyPart>, exchange: Exchange): AsyncGenerator<ReplyPart, void, undefined> {
  for await (const part of parts) {
    if (part.type !== "end") exchange.markFirstToken();
    yield part;
  }
}
