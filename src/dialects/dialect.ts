import type { z } from "zod";
import type { GatewayError } from "../errors.ts";
import type { Ask } from "../turn/ask.ts";
import type { KeepAlive } from "../turn/keep-alive.ts";
import type { Choice } from "../turn/merge.ts";
import type { TokenCount } from "../turn/model-answer.ts";
import type { NotedParams } from "./parameters.ts";
import type { RateReadings } from "./rate-limits.ts";

/** A model request of any dialect, checked: what to ask, and how the caller wants the answer. */
export interface ModelRequest extends NotedParams {
  readonly ask: Ask;
  /** Other questions in the same request. */
  readonly furtherAsks?: readonly Ask[];
  /** How many answers to each question are wanted; the site is asked for each separately. */
  readonly n: number;
  readonly stream: boolean;
}

/** What a parser needs besides the body. */
export interface ParseContext {
  /** The most answers to one request. */
  readonly maxChoices: number;
  /** The body as the caller wrote it: `JSON.parse` rounds numbers and reorders keys. */
  readonly bodyText: string;
  /** Names the key that the request came with. It owns what the request stores. */
  readonly keyId: string;
}

/** All answers to one request, question by question: each part as it comes, and keep-alives in the pauses. Iterate it once. */
export interface Answers extends AsyncIterable<Choice | KeepAlive> {
  /** Of the whole conversation. Known before the first part. */
  countPromptTokens(): Promise<number>;
  /** Of what was sent and given so far. */
  countTokens(): Promise<TokenCount>;
}

/** What goes over the wire. The API's description is made from these schemas. */
export interface DialectSchemas {
  /** Checks the body of a request. */
  readonly request: z.ZodObject;
  /** An answer in one piece. */
  readonly answer: z.ZodType;
  /** The data of one event of a streamed answer. */
  readonly event: z.ZodType;
  /** The body of an error answer. */
  readonly failure: z.ZodType;
}

/** How one API reads a request and writes its answer. Knows nothing of HTTP. */
export interface Dialect<R extends ModelRequest = ModelRequest, E = unknown> {
  /** Where the API serves it. */
  readonly path: `/v1/${string}`;
  readonly schemas: DialectSchemas;
  /** A further header that names the request, where the dialect's clients look for one. */
  readonly requestIdHeader?: string;
  /** Fetches what the body refers to, from where gateways share it. Comes before `parse`. */
  prepare?(body: unknown, context: Pick<ParseContext, "keyId">): Promise<void>;
  /** @throws GatewayError that names the offending parameter. */
  parse(body: unknown, context: ParseContext): R;
  /** The events of a streamed answer. */
  stream(answers: Answers, request: R): AsyncIterable<E>;
  /** The answer in one piece. */
  collect(answers: Answers, request: R): Promise<object>;
  /** An event as server-sent events write it. */
  frame(event: E): string;
  /** Follows the last event; empty where the dialect has nothing. */
  readonly endFrame: string;
  /** The body of an error answer. */
  errorBody(error: GatewayError, requestId: string): object;
  /** Tells what the caller's key may still use, where its clients look for it. OpenAI's headers if it has none. */
  rateLimitHeaders?(readings: RateReadings): Readonly<Record<string, string>>;
  /** Ends a stream that fails after its first event; empty where `stream` tells the failure itself. */
  failureFrame(error: GatewayError, requestId: string): string;
}
