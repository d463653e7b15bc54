import { once } from "node:events";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { onTestFinished } from "vitest";
import type { ChatRequest, ReplyPart } from "../../src/chat.ts";
import type { Reply } from "../../src/gateway.ts";
import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { adminRoutes, type AdminParts } from "../../src/admin/routes.ts";
import { apiRoutes, type ApiParts } from "../../src/http/api-routes.ts";
import { createApp, type AppParts } from "../../src/http/app.ts";
import { OperatorAccess } from "../../src/http/operator.ts";
import { probes, type ProbeParts } from "../../src/http/probes.ts";
import { withSelfDescription } from "../../src/openapi/self-description.ts";
import { ModelCatalog } from "../../src/http/model-catalog.ts";
import { createHttpServer, type ConnectionLimits } from "../../src/http/server.ts";
import { RequestLog } from "../../src/observe/request-log.ts";
import { adminParts } from "./admin-parts.ts";
import { ADMIN_KEY } from "./api-key.ts";
import { marked } from "./marked.ts";
import { noKeys } from "./no-keys.ts";
import { NO_RECORDS } from "./no-records.ts";
import { flatten } from "../../src/sites/prompt.ts";
import { ContextLimit } from "../../src/turn/context-limit.ts";

export const KEY = "sk-test-0123456789";
export const JSON_HEADERS = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
export const HELLO = { model: "gptomni", messages: [{ role: "user" as const, content: "Hello!" }] };

const NOT_WAITING = { queuePosition: undefined, estimatedWaitMs: undefined };

export type Answer = (request: ChatRequest, signal: AbortSignal) => AsyncGenerator<ReplyPart, void, undefined>;
type Parts = ApiParts & ProbeParts & AdminParts & Omit<AppParts, "routes">;
type Overrides = Partial<Omit<Parts, "limits">> & { readonly limits?: Partial<Parts["limits"]> };

/** The same as `open`, for one test: it closes when the test is over. */
export async function serve(...given: Parameters<typeof open>): ReturnType<typeof open> {
  const served = await open(...given);
  onTestFinished(() => served[Symbol.dispose]());
  return served;
}

/** A real server in front of a gateway whose answers the test writes. */
export async function open(answer: Answer, overrides: Overrides = {}, connection: Partial<ConnectionLimits> = {}) {
  const lines: Record<string, unknown>[] = [];
  const write = (fields: object): void => void lines.push({ ...fields });
  const gateway = {
    reply(request: ChatRequest, _caller: unknown, signal: AbortSignal): Reply {
      const parts = markedParts(answer(request, signal), request.boundary);
      const progress = { accountId: "alice", attempts: 1, queuedMs: 0, ...NOT_WAITING };
      return { progress, [Symbol.asyncIterator]: () => parts };
    },
  };
  const limits = {
    maxBodyBytes: 1_000_000,
    requestTimeoutMs: 10_000,
    keepAliveAfterMs: 5_000,
    keepAliveEveryMs: 5_000,
    maxChoices: 4,
    ...overrides.limits,
  };
  const parts: Parts = {
    gateway,
    models: new ModelCatalog(["gptomni", "org/big"]),
    apiKeys: new ConfiguredKeys([{ name: "master", value: KEY }]),
    operator: new OperatorAccess(ADMIN_KEY),
    metricsKey: undefined,
    allowedHosts: [],
    ...(await noKeys()),
    records: NO_RECORDS,
    readiness: () => ({ ready: true, reasons: [] }),
    giveUpReason: () => undefined,
    ...adminParts(),
    sinks: [new RequestLog({ debug: write, info: write, warn: write, error: write })],
    corsOrigins: ["*"],
    contextLimit: new ContextLimit({ promptOf: flatten, maxPromptCharactersOf: () => undefined, overflow: "refuse" }),
    background: "late",
    backgroundPattern: undefined,
    keepsTexts: false,
    ...overrides,
    limits,
  };
  const routes = [...apiRoutes(parts), ...probes(parts), ...adminRoutes(parts)];
  const app = createApp({ ...parts, routes: withSelfDescription(routes) });
  const server = createHttpServer(app, new AbortController().signal, connection).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const client = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0 });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...JSON_HEADERS, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url, port, client, post, lines, [Symbol.dispose]: close };
}

async function* markedParts(parts: AsyncIterable<ReplyPart>, boundary: string) {
  for await (const part of parts) yield marked(part, boundary);
}

export function says(...texts: string[]): Answer {
  return async function* () {
    for (const text of texts) yield { type: "text-delta", text };
    yield { type: "end", finishReason: "stop" };
  };
}

export function fails(error: Error, ...texts: string[]): Answer {
  // oxlint-disable-next-line require-yield -- without texts it fails before its first part
  return async function* () {
    for (const text of texts) yield { type: "text-delta", text };
    throw error;
  };
}

/** An answer that begins when its client has read so many frames of the stream, and the fetch that counts them. */
export function thinksFor(frames: number, then: Answer): { answer: Answer; fetch: typeof fetch } {
  const read = Promise.withResolvers<void>();
  let ends = 0;
  const look = (): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> =>
    new TransformStream({
      transform(bytes, controller) {
        ends += Buffer.from(bytes).toString("latin1").split("\n\n").length - 1;
        if (ends >= frames) read.resolve();
        controller.enqueue(bytes);
      },
    });
  return {
    answer: async function* (...of) {
      await read.promise;
      yield* then(...of);
    },
    fetch: async (...of) => {
      const response = await fetch(...of);
      return new Response(response.body?.pipeThrough(look()) ?? null, response);
    },
  };
}

/** Says the texts, then nothing until the signal comes. */
export function hangs(...texts: string[]): Answer {
  return async function* (_request, signal) {
    for (const text of texts) yield { type: "text-delta", text };
    if (!signal.aborted) await once(signal, "abort");
    throw signal.reason;
  };
}
