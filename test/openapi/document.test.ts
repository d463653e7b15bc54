import { Ajv2020 } from "ajv/dist/2020.js";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { HELLO, JSON_HEADERS, open, says, serve } from "../support/scripted-gateway.ts";

const execFileAsync = promisify(execFile);
const REDOCLY = createRequire(import.meta.url).resolve("@redocly/cli/bin/cli.js");

interface Described {
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly example: unknown } } };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
  readonly summary: string;
  readonly security?: readonly unknown[];
}

type Content = Readonly<Record<string, { readonly schema: { readonly $ref?: string } } | undefined>>;

const DOCUMENT = await served();
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
);

/** Those that ask the model or count for it. */
const ASKING = OPERATIONS.filter(([name, { requestBody }]) => requestBody && name.startsWith("POST /v1/"));

/** The description as a caller gets it. */
async function served() {
  using gateway = await open(says("Hello"));
  return (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, object>> };
  };
}

/** A check by one of the document's schemas. */
function checkOf(name: string) {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
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
  test("passes a public linter without an error or a warning", async () => {
    const folder = await mkdtemp(join(tmpdir(), "openapi-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "openapi.json");
    await writeFile(file, JSON.stringify(DOCUMENT));
    const env = { PATH: process.env["PATH"], REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    const lint = ["lint", file, "--extends=recommended", "--format=json"];
    const { stdout } = await execFileAsync(process.execPath, [REDOCLY, ...lint], { cwd: folder, env }).catch(
      (cause: { stdout: string }) => cause,
    );
    const { problems } = JSON.parse(stdout) as { problems: { ruleId: string; message: string }[] };
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
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
    const operators = Object.entries(ERRORS).flatMap(([code, { isOperators }]) => (isOperators ? [code] : []));
    const hidden = ["client_closed", "method_not_allowed", ...operators];
    expect(operators).toContain("key_not_found");
    expect(told.filter((code) => hidden.includes(code ?? ""))).toEqual([]);
    expect(new Set([...told, ...hidden])).toEqual(new Set(Object.keys(ERRORS)));
  });

  test.each(ASKING)("names the answer of %s, and its events if it streams", (_name, { requestBody, responses }) => {
    const content = responses["200"]?.content;
    const streams = Object.hasOwn(Object(requestBody?.content["application/json"].example), "stream");
    for (const type of ["application/json", ...(streams ? ["text/event-stream"] : [])]) {
      expect(content?.[type]?.schema.$ref).toMatch(/^#\/components\/schemas\/\w+$/);
    }
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
  const question = { model: "gptomni", input: "Hello!" };
  const message = { ...HELLO, max_tokens: 100 };

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
    ["POST", "/v1/responses", question, "Response"],
    ["POST", "/v1/responses", { ...question, stream: true }, "ResponseEvent"],
    ["GET", "/v1/responses/nobody", undefined, "Error"],
    ["POST", "/v1/messages", message, "Message"],
    ["POST", "/v1/messages", { ...message, stream: true }, "MessageEvent"],
    ["POST", "/v1/messages/count_tokens", message, "MessageTokenCount"],
    ["POST", "/v1/messages", {}, "AnthropicError"],
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

test.each(ASKING)("the example of %s works", async (name, operation) => {
  const { url } = await serve(says("Hello"));
  const [method = "", path = ""] = name.split(" ");
  const body = JSON.stringify(operation.requestBody?.content["application/json"].example);
  const response = await fetch(url + path, { method, headers: JSON_HEADERS, body });
  expect([response.status, await response.text()]).toEqual([
    200,
    expect.stringContaining(path.endsWith("/count_tokens") ? "input_tokens" : "Hello"),
  ]);
});
