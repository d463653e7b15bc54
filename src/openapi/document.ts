import { readFileSync } from "node:fs";
import type { RequestHandler } from "express";
import { ERRORS } from "../errors.ts";
import { sendJson } from "../http/respond.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { schemas, type JsonObject } from "./schemas.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const SUMMARY = `Web chat accounts as an API. The base URL for OpenAI's clients ends in \`/v1\`; every route is served without
it, too. A body is JSON in UTF-8, plain or compressed (gzip, deflate, br, zstd). Unknown parameters are ignored, and null
counts as absent. Repeating a failed request helps only where \`x-should-retry\` says so.`;

/** `GET /openapi.json`: the API's description (https://spec.openapis.org/oas/v3.1.1), made once. */
export function describeApi(): RequestHandler {
  const document = openApiDocument();
  return (_request, response) => sendJson(response, 200, document);
}

export function openApiDocument(): JsonObject {
  return {
    openapi: "3.1.0",
    info: {
      title: "gptomni-gateway",
      version,
      description: SUMMARY,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    // Where the document itself was found, whatever a proxy puts before it.
    servers: [{ url: "." }],
    security: [{ bearer: [] }, { apiKey: [] }, { azureKey: [] }],
    tags: [
      { name: "OpenAI", description: "As OpenAI's SDKs call it." },
      { name: "Anthropic", description: "As Anthropic's SDKs call it." },
      { name: "Gateway", description: "Of the gateway itself." },
    ],
    paths: pathsOf(Object.entries(OPERATIONS)),
    components: {
      schemas: schemas(),
      headers: HEADERS,
      securitySchemes: {
        adminKey: { type: "http", scheme: "bearer", description: "ADMIN_KEY, which is the operator's." },
        bearer: { type: "http", scheme: "bearer", description: "As OpenAI's clients send the key." },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "As Anthropic's clients send it." },
        azureKey: { type: "apiKey", in: "header", name: "api-key", description: "As Azure's clients send it." },
      },
    },
  };
}

function header(type: "string" | "integer", description: string): JsonObject {
  return { description, schema: { type } };
}

const HEADERS: JsonObject = {
  "x-request-id": header("string", "Names the request in the gateway's log."),
  "openai-processing-ms": header("integer", "Until the answer began, in milliseconds."),
  "x-gateway-model": header("string", "Which model answered, whatever name was asked for."),
  "x-gateway-account": header("string", "Which account answered."),
  "x-gateway-attempts": header("integer", "How many accounts were tried."),
  "x-gateway-queued-ms": header("integer", "How long the request waited for an account, in milliseconds."),
  "x-gateway-queue-position": header(
    "integer",
    "Its place among those who wait, where its stream opens before its turn.",
  ),
  "x-gateway-estimated-wait-ms": header(
    "integer",
    "How long it waits on, or would have waited, as far as is known, in milliseconds.",
  ),
  "x-gateway-local": header("string", "`true` where the gateway answered a chat UI's chore without asking the site."),
  "x-gateway-context-cut": header("string", "What was left out of a conversation that is longer than the site takes."),
  "x-ignored-params": header("string", "Parameters that were given and have no effect."),
  "x-emulated-params": header("string", "Parameters that the gateway imitates."),
  "x-unchecked-params": header("string", "Parameters whose schema cannot be checked; the answer may not meet it."),
  "x-should-retry": header("string", "Whether asking again can help: `true` or `false`."),
  "retry-after": header("integer", "When, in seconds."),
  "retry-after-ms": header("integer", "When, in milliseconds."),
};
const ANSWER_HEADERS = ["x-request-id", "openai-processing-ms"];
const TURN_HEADERS = [
  ...ANSWER_HEADERS,
  "x-gateway-model",
  "x-gateway-account",
  "x-gateway-attempts",
  "x-gateway-queued-ms",
  "x-gateway-queue-position",
  "x-gateway-estimated-wait-ms",
  "x-gateway-local",
  "x-gateway-context-cut",
  "x-ignored-params",
  "x-emulated-params",
  "x-unchecked-params",
];
const FAILURE_HEADERS = [
  ...ANSWER_HEADERS,
  "x-should-retry",
  "retry-after",
  "retry-after-ms",
  "x-gateway-estimated-wait-ms",
];

function pathsOf(operations: readonly (readonly [string, Operation])[]): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, operation] of operations) {
    const [method = "", path = ""] = name.split(" ");
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const parameters = names.map((key) => ({ name: key, in: "path", required: true, schema: { type: "string" } }));
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: { ...described(name, operation), ...(names.length > 0 && { parameters }) },
    };
  }
  return paths;
}

function described(name: string, operation: Operation): JsonObject {
  const { tag, summary, opensTo, request, example } = operation;
  return {
    operationId: name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_")
      .replace(/_$/, ""),
    tags: [tag],
    summary,
    ...(opensTo && { security: opensTo === "operators" ? [{ adminKey: [] }] : [] }),
    ...(request !== undefined && {
      requestBody: { required: true, content: { "application/json": { schema: reference(request), example } } },
    }),
    responses: { "200": success(operation), ...failures(operation) },
  };
}

function success({ request, answer, event, answerType }: Operation): JsonObject {
  const headers = headersOf(request === undefined ? ANSWER_HEADERS : TURN_HEADERS);
  const whole = { schema: answer === undefined ? {} : reference(answer) };
  const events = {
    schema: { type: "string", description: "Server-sent events." },
    "x-event-schema": event && reference(event),
  };
  const content = {
    [answerType ?? "application/json"]: whole,
    ...(event !== undefined && { "text/event-stream": events }),
  };
  return { description: "The answer.", headers, content };
}

/** By status, with the codes that have it. */
function failures({ request, opensTo, answer, failure = "Error" }: Operation): JsonObject {
  if (answer === "Status") {
    return {
      "503": {
        description: "Not so; `reasons` says why.",
        content: { "application/json": { schema: reference("Status") } },
      },
    };
  }
  if (opensTo === "everybody") return {};
  const lookupStatuses = opensTo === "operators" ? [401] : [401, 404];
  const codes = Object.entries(ERRORS).filter(([, { status }]) => request || lookupStatuses.includes(status));
  const byStatus = Map.groupBy(codes, ([, { status }]) => status);
  // The client that left sees no 499, and a description lists no method that is wrong.
  const told = [...byStatus].filter(([status]) => status !== 499 && status !== 405);
  const answers = told.map(([status, rows]) => [
    String(status),
    {
      description: rows.map(([code]) => `\`${code}\``).join(", "),
      headers: headersOf(FAILURE_HEADERS),
      content: { "application/json": { schema: reference(failure) } },
    },
  ]);
  return Object.fromEntries(answers) as JsonObject;
}

function headersOf(names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function reference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}
