import type { RequestHandler, Response } from "express";
import type { Dialect, ModelRequest } from "../dialects/dialect.ts";
import { listedNames } from "../dialects/parameters.ts";
import { uncheckedParams } from "../turn/emulation/emulation.ts";
import { merge } from "../turn/merge.ts";
import { refuseLargeSchemas } from "../turn/tool-limits.ts";
import { askModel, type AskModelParts } from "./ask-model.ts";
import { parseBody } from "./body.ts";
import { fingerprintOf, InFlightRequests } from "./in-flight-requests.ts";
import { KeptAliveAnswers } from "./kept-alive-answers.ts";
import { promptText } from "./kept-text.ts";
import { admit, type KeyQuotas } from "./key-quotas.ts";
import { refuseOtherModels } from "./key-models.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import { requestContextOf } from "./request-context.ts";
import { RequestDeadline } from "./request-deadline.ts";
import { sendJson } from "./respond.ts";
import { flushed, sendEvents, UNREAD_LIMIT_MS } from "./sse.ts";
import { withKeepAlive } from "./with-keep-alive.ts";

export interface ModelRequestLimits {
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

export interface ModelRequestParts extends AskModelParts {
  readonly models: ModelCatalog;
  readonly limits: ModelRequestLimits;
  /** What the callers' keys may use. */
  readonly quotas: KeyQuotas;
  /** Whether the record of a request has the texts of prompt and answer. */
  readonly keepsTexts: boolean;
}

/** The route of a dialect: parse the request, ask the model, then stream or collect its answers. */
export function serveModel<R extends ModelRequest, E>(
  parts: ModelRequestParts,
  dialect: Dialect<R, E>,
): RequestHandler {
  const { models, limits } = parts;
  const inFlight = new InFlightRequests();
  return async (request, response) => {
    const context = requestContextOf(response);
    const { keyId } = context;
    const { value, text: bodyText } = parseBody(request);
    await dialect.prepare?.(value, { keyId });
    const asked = dialect.parse(withModel(value, models), { maxChoices: limits.maxChoices, bodyText, keyId });
    refuseLargeSchemas(asked.ask.tools);
    const model = models.serving(asked.ask.chat.model);
    refuseOtherModels(context.acceptedKey, asked.ask.chat.model, model);
    context.model = model;
    if (parts.keepsTexts) context.prompt = promptText([asked.ask, ...(asked.furtherAsks ?? [])]);
    context.ignoredParams = asked.ignoredParams;
    context.emulatedParams = asked.emulatedParams;
    context.uncheckedParams = listedNames(await uncheckedParams(asked.ask));
    const { requestTimeoutMs } = limits;
    using deadline = new RequestDeadline(response, request.headers, { requestTimeoutMs, isStream: asked.stream });
    const fingerprint = fingerprintOf(keyId, context.route ?? "", request.headers, request.body as Buffer);
    const isOpen = (): boolean => response.headersSent;
    const answers = askModel(parts, asked, { inFlight, fingerprint, context, deadline, model, isOpen });
    const pauses = asked.stream
      ? { afterMs: limits.keepAliveAfterMs, everyMs: limits.keepAliveEveryMs }
      : { afterMs: Infinity, everyMs: Infinity };
    const items = withKeepAlive(merge(answers), pauses, deadline.signal);
    const keptAlive = new KeptAliveAnswers(items, answers, asked.n);
    context.answers = keptAlive;
    await admit(parts.quotas, response, keptAlive);
    await deliver(keptAlive, { asked, dialect, deadline, limits }, response);
  };
}

/** A caller that names no model gets an answer that names the model that served it. */
function withModel(body: unknown, models: ModelCatalog): unknown {
  const isNameless = typeof body === "object" && body !== null && "model" in body && body.model === "";
  return isNameless ? { ...body, model: models.serving("") } : body;
}

interface Delivery<R extends ModelRequest, E> {
  readonly asked: R;
  readonly dialect: Dialect<R, E>;
  readonly deadline: RequestDeadline;
  readonly limits: ModelRequestLimits;
}

async function deliver<R extends ModelRequest, E>(
  answers: KeptAliveAnswers,
  { asked, dialect, deadline, limits }: Delivery<R, E>,
  response: Response,
): Promise<void> {
  const unreadLimitMs = limits.unreadLimitMs ?? UNREAD_LIMIT_MS;
  if (asked.stream) {
    await sendEvents(response, dialect.stream(answers, asked), { dialect, deadline, unreadLimitMs });
    return;
  }
  sendJson(response, 200, await dialect.collect(answers, asked));
  await flushed(response, unreadLimitMs);
}
