import { createDocument, type ZodOpenApiPathsObject } from "zod-openapi";
import { RESPONSE_HEADERS } from "../http/response-headers.ts";
import { shownPath, type Route } from "../http/route.ts";
import { version } from "../process/version.ts";
import { operationOf } from "./operation.ts";

const SUMMARY = `Web chat accounts as an API. The base URL for OpenAI's clients ends in \`/v1\`. Every route of the API is
served without it too. A body is JSON in UTF-8, plain or compressed (gzip, deflate, br, zstd). Unknown parameters are
ignored, and null counts as absent. Repeat a failed request only where \`x-should-retry\` says so.`;

/** The API's description (https://spec.openapis.org/oas/v3.1.1): the routes and the schemas that check them. */
export function openApiDocument(routes: readonly Route[]): object {
  return createDocument(
    {
      openapi: "3.1.1",
      info: {
        title: "gptomni-gateway",
        version: version(),
        description: SUMMARY,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      // Where the document itself was found, whatever path a proxy puts before it.
      servers: [{ url: "." }],
      security: [{ bearer: [] }, { apiKey: [] }, { azureKey: [] }],
      tags: [
        { name: "OpenAI", description: "As OpenAI's SDKs call it." },
        { name: "Anthropic", description: "As Anthropic's SDKs call it." },
        { name: "Gateway", description: "The gateway itself." },
      ],
      paths: pathsOf(routes),
      components: { headers: HEADERS, securitySchemes: SECURITY_SCHEMES },
    },
    // An answer may get more fields with the next version.
    { override: ({ jsonSchema }) => void delete jsonSchema.additionalProperties },
  );
}

const HEADERS = Object.fromEntries(
  Object.entries(RESPONSE_HEADERS).map(([name, { type, meaning }]) => [
    name,
    { description: meaning, schema: { type } },
  ]),
);

const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "An API key, as OpenAI's clients send it." },
  apiKey: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "An API key, as Anthropic's clients send it.",
  },
  azureKey: { type: "apiKey", in: "header", name: "api-key", description: "An API key, as Azure's clients send it." },
  adminKey: { type: "http", scheme: "bearer", description: "ADMIN_KEY, the operator's key." },
  consoleSession: {
    type: "apiKey",
    in: "cookie",
    name: "gateway_session",
    description: "The console's session. A request that changes something also needs `x-csrf-token`.",
  },
  metricsKey: { type: "http", scheme: "bearer", description: "METRICS_KEY, which opens the metrics only." },
} as const;

function pathsOf(routes: readonly Route[]): ZodOpenApiPathsObject {
  const byPath = Map.groupBy(routes, shownPath);
  const paths = [...byPath].map(([path, alike]) => [
    path,
    Object.fromEntries(alike.map((route) => [route.method.toLowerCase(), operationOf(route)])),
  ]);
  return Object.fromEntries(paths) as ZodOpenApiPathsObject;
}
