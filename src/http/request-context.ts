import { randomBytes } from "node:crypto";
import type { Response } from "express";
import type { GatewayError } from "../errors.ts";
import type { Progress } from "../gateway.ts";
import type { KeyIdentity } from "./api-keys.ts";
import type { ConsoleSession } from "./console-session.ts";
import { toErrorBody } from "../dialects/openai/error.ts";
import { rateLimitHeaders } from "../dialects/openai/rate-limit-headers.ts";
import type { RateReadings } from "../dialects/rate-limits.ts";
import type { KeptAliveAnswers } from "./kept-alive-answers.ts";

/** What is known about one request while it is served, for its headers and its record. */
export class RequestContext {
  readonly id = `req_${randomBytes(16).toString("hex")}`;
  /** In Unix time, milliseconds. */
  readonly startedAt = Date.now();
  readonly #startedMs = performance.now();
  /** The pattern that matched, never the path: a path is the caller's words. */
  route: string | undefined;
  /** Undefined until a key was accepted. */
  acceptedKey: KeyIdentity | undefined;
  /** Who asks on the operator's routes, for the record of changes. */
  actor = "";
  /** The console's session, where the request came with its cookie. */
  session: ConsoleSession | undefined;
  failure: GatewayError | undefined;
  /** Of the answer that started last. */
  progress: Readonly<Progress> | undefined;
  /** The model that serves, whatever name the caller gave it. */
  model: string | undefined;
  answers: Pick<KeptAliveAnswers, "tokens" | "countTokens" | "text"> | undefined;
  /** What was asked; undefined without LOG_PROMPTS. */
  prompt: string | undefined;
  ignoredParams: readonly string[] = [];
  emulatedParams: readonly string[] = [];
  /** Parameters whose schema the gateway cannot check. */
  uncheckedParams: readonly string[] = [];
  /** How much of the conversation was left out when it was sent last. */
  contextCut: { readonly turns: number; readonly characters: number } | undefined;
  /** Writes a failure in the caller's dialect. */
  errorBody: (error: GatewayError, requestId: string) => object = toErrorBody;
  /** What the caller's key may still use; undefined for a key without limits. */
  rateReadings: RateReadings | undefined;
  /** Tells it in the caller's dialect. */
  rateLimitHeaders: (readings: RateReadings) => Readonly<Record<string, string>> = rateLimitHeaders;
  #firstTokenMs: number | undefined;

  /** The owner of what the request leaves behind; empty without a key. */
  get keyId(): string {
    return this.acceptedKey?.keyId ?? "";
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedMs);
  }

  get firstTokenMs(): number | undefined {
    return this.#firstTokenMs;
  }

  markFirstToken(): void {
    this.#firstTokenMs ??= this.elapsedMs;
  }
}

/** The context of the request that a response answers; made at the first call. */
export function requestContextOf({ locals }: Response<unknown, { context?: RequestContext }>): RequestContext {
  return (locals.context ??= new RequestContext());
}
