import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { DIALECTS, type FuzzedDialect } from "./fuzz-dialects.ts";
import { changed, changes } from "./fuzz-mutations.ts";
import { KEY, serve, type Answer } from "./openai-server.ts";

/** In all, over the dialects that are served. */
const BODIES = 5_000;
const ANSWER_LIMIT_MS = 2_000;
/** What is no fault of the gateway: the model was told to call or to write JSON, and this one says what it likes. */
const MODEL_FAULTS: readonly unknown[] = ["tool_call_missing", "tool_call_invalid", "format_not_met"];

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

/** A body as it goes over the wire. */
interface Sent {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Compiles the vocabulary and the schemas once, which would count against the first answer. */
beforeAll(async () => {
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
        expect(JSON.parse(text)).toEqual(dialect.errorBody);
        if (status >= 400 && status < 500) return;
        expect([502, MODEL_FAULTS]).toEqual([
          status,
          expect.arrayContaining([await codeOf(response.headers.get("x-request-id"))]),
        ]);
      }),
      { numRuns: Math.ceil(BODIES / fuzzed.length), interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true },
    );
  },
  60_000,
);

function sentTo({ bodies }: FuzzedDialect): fc.Arbitrary<Sent> {
  const json = fc
    .tuple(fc.constantFrom(...bodies), changes(bodies))
    .map(([body, steps]) => JSON.stringify(changed(body, steps)));
  const type = { "content-type": "application/json" };
  const plain = json.map((text) => ({ bytes: bytesOf(text), headers: type }));
  const truncated = fc.tuple(json, fc.double({ min: 0, max: 1, noNaN: true })).map(([text, share]) => ({
    bytes: bytesOf(text.slice(0, Math.floor(text.length * share))),
    headers: type,
  }));
  const hugeNumber = json.map((text) => ({ bytes: bytesOf(text.replaceAll(/\b[0-9]+\b/g, "1e999")), headers: type }));
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ bytes: new Uint8Array(bytes), headers: type }));
  const overwritten = fc
    .tuple(json, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }))
    .map(([text, at, noisy]) => {
      const bytes = bytesOf(text);
      bytes.set(noisy.slice(0, bytes.length), at % Math.max(1, bytes.length - noisy.length));
      return { bytes, headers: type };
    });
  const otherType = fc
    .tuple(
      json,
      fc.constantFrom("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", ";", "json"),
    )
    .map(([text, contentType]) => ({ bytes: bytesOf(text), headers: { "content-type": contentType } }));
  const packed = fc
    .tuple(fc.oneof(json.map(bytesOf), fc.uint8Array({ maxLength: 200 })), fc.constantFrom(...PACKINGS), fc.nat(3))
    .map(([bytes, [encoding, pack], damage]) => ({
      bytes: new Uint8Array(damage === 0 ? bytes : damage === 1 ? pack(bytes).subarray(0, -4) : pack(bytes)),
      headers: { ...type, "content-encoding": encoding },
    }));
  return fc.oneof(
    { weight: 14, arbitrary: plain },
    { weight: 1, arbitrary: truncated },
    { weight: 1, arbitrary: hugeNumber },
    { weight: 1, arbitrary: noise },
    { weight: 1, arbitrary: overwritten },
    { weight: 1, arbitrary: otherType },
    { weight: 1, arbitrary: packed },
  );
}

const PACKINGS = [
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["exotic", (bytes: Uint8Array) => Buffer.from(bytes)],
] as const;

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text));
}
