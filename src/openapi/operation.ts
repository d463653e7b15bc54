import type { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { errorSchema } from "../dialects/openai/answer-schema.ts";
import { ERRORS, type ErrorCode } from "../errors.ts";
import { RESPONSE_HEADERS, type Occasion } from "../http/response-headers.ts";
import { nameOf, shownPath, type Audience, type Route } from "../http/route.ts";

/** How a route is called and what it answers. */
export function operationOf(route: Route): ZodOpenApiOperationObject {
  const { tag, summary, request, example, query } = route.operation;
  const names = [...shownPath(route).matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  return {
    operationId: nameOf(route)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_")
      .replace(/_$/, ""),
    tags: [tag],
    summary,
    ...SECURITY[route.audience],
    ...(query && { requestParams: { query } }),
    ...(names.length > 0 && {
      parameters: names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    }),
    ...(request && {
      requestBody: { required: true, content: { "application/json": { schema: request, example } } },
    }),
    responses: {
      [route.operation.status ?? "200"]: success(route.operation),
      ...unavailable(route.operation),
      ...failures(route),
    },
  };
}

/** The keys that open a route, where they are not those of the API. */
const SECURITY: Readonly<Record<Audience, Pick<ZodOpenApiOperationObject, "security">>> = {
  public: { security: [] },
  docs: { security: [] },
  api: {},
  metrics: { security: [{ adminKey: [] }, { metricsKey: [] }] },
  "sign-in": { security: [] },
  admin: { security: [{ adminKey: [] }, { consoleSession: [] }] },
};

function success({ request, answer, event, answerType = "text/plain" }: Route["operation"]) {
  const whole = answer ? json(answer) : { [answerType]: { schema: { type: "string" as const } } };
  const headers = headersOn("always", ...(request ? ["model" as const] : []));
  return {
    description: "The answer.",
    headers,
    content: { ...whole, ...(event && { "text/event-stream": { schema: event } }) },
  };
}

function unavailable({ unavailable: answer }: Route["operation"]): ZodOpenApiResponsesObject {
  if (!answer) return {};
  return { "503": { description: "No. `reasons` says why.", headers: headersOn("always"), content: json(answer) } };
}

/** By status, with the codes that have it. */
function failures({ audience, operation }: Route): ZodOpenApiResponsesObject {
  const { request, errors = [], failure = errorSchema } = operation;
  const ofBody = request ? BODY_ERRORS : [];
  const codes = request && audience === "api" ? UNDER_WAY : [...ACCESS_ERRORS[audience], ...ofBody, ...errors];
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  const answers = [...byStatus].map(([status, alike]) => [
    String(status),
    {
      description: alike.map((code) => `\`${code}\``).join(", "),
      headers: headersOn("always", "error"),
      content: json(failure),
    },
  ]);
  return Object.fromEntries(answers) as ZodOpenApiResponsesObject;
}

/** What a request to the API can meet. A client that left sees no answer, and a description lists no wrong method. */
const UNDER_WAY = (Object.keys(ERRORS) as ErrorCode[]).filter(
  (code) => code !== "client_closed" && code !== "method_not_allowed" && !ERRORS[code].isOperators,
);

/** What is wrong with a body of the admin API. */
const BODY_ERRORS: readonly ErrorCode[] = [
  "invalid_json",
  "missing_required_parameter",
  "invalid_type",
  "invalid_value",
  "empty_array",
  "unknown_parameter",
  "request_too_large",
  "unsupported_content_type",
];
const KEY_ERRORS: readonly ErrorCode[] = ["bad_request", "invalid_api_key", "too_many_wrong_keys", "internal_error"];
const ACCESS_ERRORS: Readonly<Record<Audience, readonly ErrorCode[]>> = {
  public: ["bad_request"],
  api: [...KEY_ERRORS, "key_expired"],
  docs: ["bad_request", "host_not_allowed"],
  metrics: [...KEY_ERRORS, "host_not_allowed"],
  "sign-in": ["bad_request", "host_not_allowed", "request_forged"],
  admin: [...KEY_ERRORS, "host_not_allowed", "session_ended", "request_forged"],
};

function json(schema: z.ZodType) {
  return { "application/json": { schema } };
}

function headersOn(...occasions: readonly Occasion[]) {
  const names = Object.entries(RESPONSE_HEADERS).filter(([, { on }]) => on.some((one) => occasions.includes(one)));
  return Object.fromEntries(names.map(([name]) => [name, { $ref: `#/components/headers/${name}` }]));
}
