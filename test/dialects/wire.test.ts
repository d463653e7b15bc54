import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { flatten } from "../../src/sites/prompt.ts";
import { JSON_HEADERS, serve } from "../support/scripted-gateway.ts";

/** What real clients send, and what is right. Each file holds requests, what the site's model answers to them, and checks. */
const FOLDER = join(import.meta.dirname, "wire-cases");

interface Check {
  readonly status?: number;
  readonly bodyHas?: string;
  readonly bodyLacks?: string;
  readonly promptHas?: string;
  readonly promptLacks?: string;
  readonly promptOrder?: readonly string[];
  readonly headerHas?: string;
  readonly anyOf?: readonly Check[];
}

interface WireRequest {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The body's own text, where parsing it would change it. */
  readonly rawBody?: string;
  /** In the order in which the model gives them. The last one is given again when it is asked again. */
  readonly siteAnswers?: readonly string[];
  readonly checks: readonly Check[];
}

interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly prompts: string;
  readonly headers: string;
}

for (const file of readdirSync(FOLDER)) {
  const { requests } = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as { requests: readonly WireRequest[] };
  // oxlint-disable-next-line valid-title -- the file says what the requests in it have in common
  describe(file.replace(/\.json$/, "").replaceAll("-", " "), () => {
    test.each(requests.map((request) => [request.name, request] as const))("%s", async (_name, request) => {
      const outcome = await sent(request);
      const wrong = request.checks.flatMap((check) => failures(check, outcome));
      expect({ ...outcome, wrong }).toEqual({ ...outcome, wrong: [] });
    });
  });
}

async function sent({ path, headers, body, rawBody, siteAnswers = ["PONG"] }: WireRequest): Promise<Outcome> {
  const prompts: string[] = [];
  const { url } = await serve(async function* (request) {
    const text = siteAnswers[Math.min(prompts.length, siteAnswers.length - 1)] ?? "";
    prompts.push(flatten(request));
    yield { type: "text-delta", text: inForm(text) };
    yield { type: "end", finishReason: "stop" };
  });
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { ...JSON_HEADERS, ...headers },
    body: rawBody ?? JSON.stringify(body),
  });
  return {
    status: response.status,
    body: await response.text(),
    prompts: prompts.join("\n\n"),
    headers: JSON.stringify(Object.fromEntries(response.headers)),
  };
}

/** The answer of a model that writes calls as its prompt shows them. A closing tag within a call's text is text. */
function inForm(answer: string): string {
  return answer
    .replaceAll("<tool_call ", "<tool_call§ ")
    .replaceAll(/<\/tool_call>(?=\s*(?:<tool_call|$))/g, "</tool_call§>");
}

function failures(check: Check, outcome: Outcome): readonly string[] {
  const { status, body, prompts, headers } = outcome;
  if (check.anyOf) {
    const all = check.anyOf.map((one) => failures(one, outcome));
    return all.some((its) => its.length === 0) ? [] : all.flat();
  }
  const places = (check.promptOrder ?? []).map((text) => prompts.indexOf(text));
  const wrong: Readonly<Record<string, boolean>> = {
    status: check.status !== undefined && check.status !== status,
    [`body lacks ${check.bodyHas}`]: check.bodyHas !== undefined && !holds(body, check.bodyHas),
    [`body has ${check.bodyLacks}`]: check.bodyLacks !== undefined && holds(body, check.bodyLacks),
    [`prompt lacks ${check.promptHas}`]: check.promptHas !== undefined && !prompts.includes(check.promptHas),
    [`prompt has ${check.promptLacks}`]: check.promptLacks !== undefined && prompts.includes(check.promptLacks),
    [`headers lack ${check.headerHas}`]: check.headerHas !== undefined && !headers.includes(check.headerHas),
    "wrong order": places.some((place, index) => place < 0 || place < (places[index - 1] ?? 0)),
  };
  return Object.entries(wrong).flatMap(([name, isWrong]) => (isWrong ? [name] : []));
}

/** In the body itself, or in the text of its JSON strings. */
function holds(body: string, wanted: string): boolean {
  return body.includes(wanted) || body.replaceAll('\\"', '"').includes(wanted);
}
