import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { DIALECTS } from "./dialects.ts";
import { hostileRequests } from "./hostile.ts";
import { sentTo } from "./requests.ts";
import { FuzzProcess } from "./fuzz-process.ts";
import { KEY, serve, type Answer } from "../support/scripted-gateway.ts";

/** In all, over the dialects that are served. */
const BODIES = 5_000;
const HOSTILE_REQUESTS = 200;
const COUNTED = { model: "gptomni", messages: [{ role: "user", content: "Hello" }] };
/** One that takes longer does not come. */
const ANSWER_LIMIT_MS = 20_000;
/** A busy machine takes its time, and tries no fewer. */
const TRYING_LIMIT_MS = 300_000;
/** What is no fault of the gateway: the model was told to call or to write JSON, and this one says what it likes. */
const MODEL_FAULTS: readonly unknown[] = ["tool_call_missing", "tool_call_invalid", "format_not_met"];

const NON_EMPTY = expect.stringMatching(/\S/) as unknown;
const TEXT_OR_NULL = expect.toSatisfy((value: unknown) => value === null || typeof value === "string") as unknown;

/** What every refusal looks like, down to its last key. */
const ERROR_BODIES = {
  openai: { error: { message: NON_EMPTY, type: NON_EMPTY, param: TEXT_OR_NULL, code: NON_EMPTY } },
  anthropic: { type: "error", error: { type: NON_EMPTY, message: NON_EMPTY }, request_id: NON_EMPTY },
};

const TEXTS = [
  "Hello",
  '{"city":"Ulm"}',
  '<tool_call§ name="weather">{"city":"Ulm"}</tool_call§>',
  '<tool_call§ name="',
  "",
];

/** One of the texts, in pieces; the same for the same question. */
const saysSomething: Answer = async function* ({ messages }) {
  const asked = messages.reduce((sum, { text: { length } }) => sum + length, messages.length);
  for (const text of (TEXTS[asked % TEXTS.length] ?? "").match(/[^]{1,9}/g) ?? []) yield { type: "text-delta", text };
  yield { type: "end", finishReason: "stop" };
};

/** Compiles the vocabulary and the schemas, which would count against the first answer. */
beforeEach(async () => {
  const { post } = await serve(saysSomething);
  await post({ model: "gptomni", messages: [{ role: "user", content: "Hello" }] });
});

test.each(DIALECTS)(
  "whatever is sent to $path is answered or refused in its own words",
  async (dialect) => {
    const { url, lines } = await serve(saysSomething, { limits: { maxBodyBytes: 100_000 } });
    const { routes } = (await (await fetch(url)).json()) as { routes: string[] };
    const fuzzed = DIALECTS.filter(({ path }) => routes.includes(`POST ${path}`));
    if (!fuzzed.includes(dialect)) return;
    const codeOf = async (requestId: string | null) => {
      await expect.poll(() => lines.some((line) => line["requestId"] === requestId)).toBe(true);
      return lines.find((line) => line["requestId"] === requestId)?.["code"];
    };
    await fc.assert(
      fc.asyncProperty(sentTo(dialect), async ({ bytes, headers }) => {
        const response = await fetch(url + dialect.path, {
          method: "POST",
          headers: { authorization: `Bearer ${KEY}`, ...dialect.headers, ...headers },
          body: bytes,
          signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
        });
        const text = await response.text();
        const { status } = response;
        // Nor may a stream that began end with it.
        expect(text).not.toContain("The gateway met an unexpected error");
        if (status === 200) return;
        expect(response.headers.get("content-type")).toBe("application/json");
        expect(JSON.parse(text)).toEqual(ERROR_BODIES[dialect.errors]);
        if (status >= 400 && status < 500) return;
        expect([502, MODEL_FAULTS]).toEqual([
          status,
          expect.arrayContaining([await codeOf(response.headers.get("x-request-id"))]),
        ]);
      }),
      { numRuns: Math.ceil(BODIES / fuzzed.length) },
    );
  },
  TRYING_LIMIT_MS,
);

test(
  "whatever is hard to answer is answered or refused, and others are served meanwhile",
  async () => {
    using gateway = await FuzzProcess.start();
    await fc.assert(
      fc.asyncProperty(hostileRequests, async ({ path, body }) => {
        const hostile = gateway.ask(path, body, ANSWER_LIMIT_MS);
        const other = await gateway.ask("/v1/messages/count_tokens", COUNTED, ANSWER_LIMIT_MS);
        expect(other.status).toBe(200);
        const { status, text } = await hostile;
        expect([200, 400, 413, 502]).toContain(status);
        expect(text).not.toContain("The gateway met an unexpected error");
      }),
      { numRuns: HOSTILE_REQUESTS },
    );
  },
  TRYING_LIMIT_MS,
);
