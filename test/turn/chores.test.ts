import { leastCpuMs } from "../support/event-loop.ts";
import { describe, expect, test } from "vitest";
import type { ChatRequest, ReplyPart } from "../../src/chat.ts";
import type { Reply } from "../../src/gateway.ts";
import type { Caller } from "../../src/pool/request-queue.ts";
import { choreOf } from "../../src/turn/chore.ts";
import { CHORES, QUESTIONS, type Turns } from "./chore-cases.ts";
import { JSON_HEADERS, says, serve } from "../support/scripted-gateway.ts";
import { PING } from "../support/turn-site.ts";

function askOf(turns: Turns) {
  const messages = turns.map(([role, text]) => ({ role, text }));
  return { chat: { model: "m", messages }, tools: [] };
}

/** Messages that begin like a chore's and go on for so many tags and more. */
function longLooks(tags: number): () => Promise<void> {
  const tail = '"title" '.repeat(1.5 * tags) + "</session> ".repeat(tags) + "<session>".repeat(tags / 2);
  const starts = ["### Task:\n", "<session>", "[SUGGESTION MODE", "Given the following"];
  return async () => {
    for (const start of starts) expect(choreOf(askOf([["user", start + tail]]), undefined)).toBeUndefined();
  };
}

describe("what a client asks for by itself is known", () => {
  test.each(CHORES)("%s: %s", (_client, kind, turns) => {
    expect(choreOf(askOf(turns), undefined)?.kind).toBe(kind);
  });

  test("Claude Code: a suggestion, though it comes with tools", () => {
    const turns: Turns = [
      ["user", "[SUGGESTION MODE: Suggest what the user might naturally type next into Claude Code.]"],
    ];
    expect(choreOf({ ...askOf(turns), tools: [PING] }, undefined)?.kind).toBe("follow-ups");
  });

  test("by the operator's pattern, too", () => {
    expect(choreOf(askOf([["user", "(nightly) report"]]), /^\(nightly\)/u)?.kind).toBe("other");
  });
});

describe("what a person asks is never taken for it", () => {
  test.each(QUESTIONS)("%s", (_name, turns) => {
    expect(choreOf(askOf(turns), undefined)).toBeUndefined();
  });

  test.each(CHORES.filter(([, kind]) => kind === "title"))("%s: a turn with tools", (_client, _kind, turns) => {
    expect(choreOf({ ...askOf(turns), tools: [PING] }, undefined)).toBeUndefined();
  });

  test("a megabyte that begins like one is looked at in linear time", async () => {
    const shortMs = await leastCpuMs(longLooks(10_000));
    // Sixteen times as much where the time grows with the square; 20 ms are below what the clock tells apart.
    expect(await leastCpuMs(longLooks(40_000))).toBeLessThan(8 * shortMs + 20);
  });
});

/** A gateway that keeps who asked what. */
async function serveWith(background: "late" | "local" | "off") {
  const asked: { caller: Caller; request: ChatRequest }[] = [];
  const reply = (request: ChatRequest, caller: Caller): Reply => {
    asked.push({ caller, request });
    const parts = (async function* (): AsyncGenerator<ReplyPart, void, undefined> {
      yield { type: "text-delta", text: "from the site" };
      yield { type: "end", finishReason: "stop" };
    })();
    const progress = {
      accountId: "alice",
      attempts: 1,
      queuedMs: 0,
      queuePosition: undefined,
      estimatedWaitMs: undefined,
    };
    return { progress, [Symbol.asyncIterator]: () => parts };
  };
  return { asked, ...(await serve(says(""), { background, gateway: { reply } })) };
}

const bodyOf = (turns: Turns): object => ({
  model: "gptomni",
  messages: turns.map(([role, content]) => ({ role, content })),
});
const contentOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;

function schemaOf(...names: string[]) {
  const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  return { type: "object", properties, required: names, additionalProperties: false };
}

function formatOf(...names: string[]) {
  return { type: "json_schema", json_schema: { name: "t", schema: schemaOf(...names) } };
}

describe("where chores are answered without the site", () => {
  test.each(CHORES)("%s: %s", async (_client, _kind, turns, local) => {
    const { asked, post } = await serveWith("local");
    const response = await post(bodyOf(turns));
    expect(await contentOf(response)).toBe(local ?? "from the site");
    expect(asked).toHaveLength(local === undefined ? 1 : 0);
    expect(response.headers.get("x-gateway-attempts")).toBe(local === undefined ? "1" : "0");
    expect(response.headers.get("x-gateway-local")).toBe(local === undefined ? null : "true");
  });

  test.each(QUESTIONS)("a person's question goes to the site: %s", async (_name, turns) => {
    const { asked, post } = await serveWith("local");
    expect(await contentOf(await post(bodyOf(turns)))).toBe("from the site");
    expect(asked[0]?.caller.isBackground).toBe(false);
  });

  test("a title is given in the form that is asked for", async () => {
    const { asked, post, url } = await serveWith("local");
    const system = "You are naming a coding session so the user can pick it out of a long list of sessions.";
    const content = "<session>\nFix the login bug\n</session>\n\nWrite the title in the predominant language.";
    const turns: Turns = [
      ["system", system],
      ["user", content],
    ];
    const titled = await post({ ...bodyOf(turns), response_format: formatOf("title") });
    expect(await contentOf(titled)).toBe('{"title":"Fix the login bug"}');
    expect(asked).toHaveLength(0);
    await post({ ...bodyOf(turns), response_format: formatOf("title", "branch") });
    expect(asked.length).toBeGreaterThan(0);
    const anthropic = { model: "gptomni", max_tokens: 99, system, messages: [{ role: "user", content }], stream: true };
    const init = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(anthropic) };
    const stream = await fetch(`${url}/v1/messages`, init);
    expect(stream.headers.get("x-gateway-local")).toBe("true");
    expect(await stream.text()).toContain('"text":"Fix the login bug"');
  });
});

test("chores are asked in the background, unless they are to be like everything else", async () => {
  for (const [mode, expected] of [
    ["late", true],
    ["off", false],
  ] as const) {
    const { asked, post } = await serveWith(mode);
    for (const [, , turns] of CHORES) expect(await contentOf(await post(bodyOf(turns)))).toBe("from the site");
    expect(asked.map(({ caller }) => caller.isBackground)).toEqual(CHORES.map(() => expected));
  }
});
