import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { openApiDocument } from "../../src/openapi/document.ts";
import { HELLO, JSON_HEADERS, says, serve } from "../support/scripted-gateway.ts";

interface Described {
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly example: unknown } } };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly summary: string;
  readonly security?: readonly unknown[];
}

const DOCUMENT = JSON.parse(JSON.stringify(openApiDocument())) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
);

/** A check by one of the document's schemas. */
function checkOf(name: string) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  return ajv.addSchema(DOCUMENT, "doc").compile({ $ref: `doc#/components/schemas/${name}` });
}

function everyRef(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "$ref" in value && typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(everyRef)];
}

function isThere(pointer: string): boolean {
  const steps = pointer.split("/").slice(1);
  const found = steps.reduce<unknown>((place, step) => Reflect.get(Object(place), step) as unknown, DOCUMENT);
  return pointer.startsWith("#/") && found !== undefined;
}

describe("the description", () => {
  test("is served as it is tested here", async () => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(`${url}/openapi.json`);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual(DOCUMENT);
  });

  test("names every route that is served, and none that is not", async () => {
    const { url } = await serve(says("Hello"));
    const { routes } = (await (await fetch(url)).json()) as { routes: string[] };
    expect(OPERATIONS.map(([name]) => name).toSorted()).toEqual(["GET /", ...routes].toSorted());
  });

  test("points nowhere into the void", () => {
    const refs = everyRef(DOCUMENT);
    expect(refs.length).toBeGreaterThan(50);
    expect(refs.filter((pointer) => !isThere(pointer))).toEqual([]);
  });

  test("has an id of its own for each operation, and a summary", () => {
    const ids = OPERATIONS.map(([, operation]) => Reflect.get(operation, "operationId") as unknown);
    expect(new Set(ids).size).toBe(ids.length);
    expect(OPERATIONS.filter(([, { summary }]) => summary === "")).toEqual([]);
  });

  test.each(Object.keys(DOCUMENT.components.schemas))("holds a schema %s that compiles", (name) => {
    expect(() => checkOf(name)).not.toThrow();
  });

  test("says which failures a request can meet", () => {
    const responses = Object.values(DOCUMENT.paths["/v1/chat/completions"]?.["post"]?.responses ?? {});
    const told = responses.flatMap(({ description }) => [...description.matchAll(/`(\w+)`/g)].map(([, code]) => code));
    const hidden = ["client_closed", "method_not_allowed"];
    expect(new Set([...told, ...hidden])).toEqual(new Set(Object.keys(ERRORS)));
  });

  test("says truly which routes need a key", async () => {
    const { url } = await serve(says("Hello"));
    for (const [name, { security }] of OPERATIONS) {
      const [method = "", path = ""] = name.split(" ");
      const { status } = await fetch(url + path.replaceAll(/\{\w+\}/g, "x"), { method });
      expect([name, status === 401]).toEqual([name, security?.length !== 0]);
    }
  });
});

describe("an answer", () => {
  const completion = { model: "gptomni", prompt: "Hello!" };
  const withUsage = { stream: true, stream_options: { include_usage: true } };

  test.each([
    ["GET", "/v1/models", undefined, "ModelList"],
    ["GET", "/v1/models/gptomni", undefined, "Model"],
    ["GET", "/v1/models/nobody", undefined, "Error"],
    ["GET", "/readyz", undefined, "Status"],
    ["GET", "/livez", undefined, "Status"],
    ["GET", "/", undefined, "Welcome"],
    ["POST", "/v1/chat/completions", HELLO, "ChatCompletion"],
    ["POST", "/v1/chat/completions", { ...HELLO, ...withUsage }, "ChatCompletionChunk"],
    ["POST", "/v1/chat/completions", {}, "Error"],
    ["POST", "/v1/completions", completion, "Completion"],
    ["POST", "/v1/completions", { ...completion, ...withUsage }, "Completion"],
  ])("to %s %s of %o is a %s", async (method, path, body, schema) => {
    const { url } = await serve(says("Hello"));
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url + path, { method, headers: JSON_HEADERS, ...sent });
    const text = await response.text();
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    const answers = isStream ? [...text.matchAll(/^data: (\{.*\})$/gm)].map((match) => match[1] ?? "") : [text];
    const check = checkOf(schema);
    expect(answers.filter((answer) => !check(JSON.parse(answer)))).toEqual([]);
  });
});

test.each(OPERATIONS.filter(([, { requestBody }]) => requestBody))(
  "the example of %s works",
  async (name, operation) => {
    const { url } = await serve(says("Hello"));
    const [method = "", path = ""] = name.split(" ");
    const body = JSON.stringify(operation.requestBody?.content["application/json"].example);
    const response = await fetch(url + path, { method, headers: JSON_HEADERS, body });
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringContaining(path.endsWith("/count_tokens") ? "input_tokens" : "Hello"),
    ]);
  },
);
