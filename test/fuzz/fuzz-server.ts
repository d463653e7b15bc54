/** The gateway's HTTP face in a process of its own, before a site that says what the request wants it to say. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ChatRequest, ReplyPart } from "../../src/chat.ts";
import { OperatorAccess } from "../../src/http/operator.ts";
import { noKeys } from "../support/no-keys.ts";
import { NO_RECORDS } from "../support/no-records.ts";
import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { adminRoutes, type AdminParts } from "../../src/admin/routes.ts";
import { apiRoutes, type ApiParts } from "../../src/http/api-routes.ts";
import { createApp, type AppParts } from "../../src/http/app.ts";
import { probes, type ProbeParts } from "../../src/http/probes.ts";
import { withSelfDescription } from "../../src/openapi/self-description.ts";
import { ModelCatalog } from "../../src/http/model-catalog.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { flatten } from "../../src/sites/prompt.ts";
import { ContextLimit } from "../../src/turn/context-limit.ts";
import { adminParts } from "../support/admin-parts.ts";
import { hostileAnswerTo } from "./hostile.ts";
import { marked } from "../support/marked.ts";
import { FUZZ_KEY, MAX_BODY_BYTES, type Health } from "./fuzz-process.ts";

const NOTED_AFTER_MS = 10;
const PIECE_CHARACTERS = 1_024;

async function* answerTo({ messages, boundary }: ChatRequest): AsyncGenerator<ReplyPart, void, undefined> {
  const asked = messages.findLast(({ role, text }) => role === "user" && text.startsWith("@@"))?.text ?? "";
  const text = hostileAnswerTo(asked);
  for (let from = 0; from < text.length; from += PIECE_CHARACTERS) {
    // As from a page, each piece comes in a turn of its own.
    await new Promise(setImmediate);
    yield marked({ type: "text-delta", text: text.slice(from, from + PIECE_CHARACTERS) }, boundary);
  }
  yield { type: "end", finishReason: "stop" };
}

const appParts: ApiParts & ProbeParts & AdminParts & Omit<AppParts, "routes"> = {
  gateway: {
    reply: (request) => {
      const parts = answerTo(request);
      const progress = {
        accountId: "alice",
        attempts: 1,
        queuedMs: 0,
        queuePosition: undefined,
        estimatedWaitMs: undefined,
      };
      return { progress, [Symbol.asyncIterator]: () => parts };
    },
  },
  models: new ModelCatalog(["gptomni"]),
  apiKeys: new ConfiguredKeys([{ name: "master", value: FUZZ_KEY }]),
  operator: new OperatorAccess(`${FUZZ_KEY}-admin`),
  metricsKey: undefined,
  allowedHosts: [],
  giveUpReason: () => undefined,
  readiness: () => ({ ready: true, reasons: [] }),
  ...(await noKeys()),
  ...adminParts(),
  records: NO_RECORDS,
  sinks: [],
  corsOrigins: ["*"],
  contextLimit: new ContextLimit({ promptOf: flatten, maxPromptCharactersOf: () => undefined, overflow: "refuse" }),
  background: "local",
  backgroundPattern: undefined,
  keepsTexts: false,
  limits: {
    maxBodyBytes: MAX_BODY_BYTES,
    requestTimeoutMs: 120_000,
    keepAliveAfterMs: 15_000,
    keepAliveEveryMs: 10_000,
    maxChoices: 4,
  },
};
const routes = [...apiRoutes(appParts), ...probes(appParts), ...adminRoutes(appParts)];
const app = createApp({ ...appParts, routes: withSelfDescription(routes) });
const server = createHttpServer(app, new AbortController().signal).listen(0, "127.0.0.1");
await once(server, "listening");

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("message", () => {
  // A stall that just ended is noted with the next timer only.
  setTimeout(() => {
    const health: Health = { stallMs: delay.max / 1e6, rssBytes: process.memoryUsage.rss() };
    delay.reset();
    process.send?.(health);
  }, NOTED_AFTER_MS);
});
process.send?.((server.address() as AddressInfo).port);
