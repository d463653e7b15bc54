import type { RequestHandler } from "express";
import type { z } from "zod";
import type { Dialect } from "../dialects/dialect.ts";
import type { ErrorCode } from "../errors.ts";

/** Who a route is for. It decides how the route is found and who may ask: `audiences.ts`. */
export type Audience = "public" | "api" | "docs" | "metrics" | "sign-in" | "admin";

/** Everything about a route that is served: how it is found, who may ask, what it does, how the API's description says it. */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As Express matches it. Routes of the API begin with `/v1`, which clients may leave out. */
  readonly path: `/${string}`;
  readonly audience: Audience;
  readonly operation: Operation;
  /** Writes its errors, a wrong key's included. OpenAI's form where there is none. */
  readonly errorForm?: Pick<Dialect, "errorBody" | "requestIdHeader" | "rateLimitHeaders">;
  readonly handlers: readonly RequestHandler[];
}

/** A route as the API's description says it. */
export interface Operation {
  /** One of the tags in `openapi/document.ts`. */
  readonly tag: "OpenAI" | "Anthropic" | "Gateway";
  readonly summary: string;
  /** Checks the body; a route without one takes no body. */
  readonly request?: z.ZodType;
  readonly example?: Readonly<Record<string, unknown>>;
  /** Checks the query. */
  readonly query?: z.ZodObject;
  /** The answer; without one it is text of the type `answerType`, or bytes. */
  readonly answer?: z.ZodType;
  readonly answerType?: `text/${string}` | `image/${string}`;
  /** Of the answer; 200 where it is absent. */
  readonly status?: 201;
  /** The data of each event when `stream` is true. */
  readonly event?: z.ZodType;
  /** The answer with status 503 of a probe. */
  readonly unavailable?: z.ZodType;
  /** The body of its errors; OpenAI's where there is none. */
  readonly failure?: z.ZodType;
  /** The errors besides those of its audience and of its body. A route of the API with a body can meet every error. */
  readonly errors?: readonly ErrorCode[];
}

/** The path as people write it: in logs, metrics, error messages and the description. */
export function shownPath({ path }: Pick<Route, "path">): string {
  return path.replaceAll(/[:*](\w+)/g, "{$1}");
}

/** `GET /v1/models` */
export function nameOf(route: Pick<Route, "method" | "path">): string {
  return `${route.method} ${shownPath(route)}`;
}
