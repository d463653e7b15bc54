import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText } from "ai";
import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../src/config/config.ts";
import type { ChatRequest } from "../../src/chat.ts";
import { ContextLimit } from "../../src/turn/context-limit.ts";
import { ModelCatalog } from "../../src/http/model-catalog.ts";
import { HELLO, JSON_HEADERS, KEY, says, serve, type Answer } from "../support/scripted-gateway.ts";
import { openWorld } from "../support/world.ts";

const MESSAGE = { max_tokens: 10, messages: HELLO.messages };
const REQUESTS: readonly [path: string, body: object][] = [
  ["/v1/chat/completions", { messages: HELLO.messages }],
  ["/v1/completions", { prompt: "Hello!" }],
  ["/v1/responses", { input: "Hello!" }],
  ["/v1/messages", MESSAGE],
];
const ALIASES = new Map([
  ["fast", "org/big"],
  ["gpt-4o", "gptomni"],
]);

async function open(catalog?: ModelCatalog) {
  const served: string[] = [];
  const answer: Answer = async function* ({ model }) {
    served.push(model);
    yield { type: "text-delta", text: "Hello" };
    yield { type: "end", finishReason: "stop" };
  };
  const server = await serve(answer, catalog && { models: catalog });
  const ask = (path: string, body: object) =>
    fetch(server.url + path, { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(body) });
  return { ...server, ask, served, anthropic: new Anthropic({ apiKey: KEY, baseURL: server.url, maxRetries: 0 }) };
}

/** One model's site writes a hundred words where the other's writes one. */
function promptOf({ model }: ChatRequest): string {
  return model === "org/big" ? "word ".repeat(100) : "word";
}

test("the prompt of an alias is counted as the site of its model writes it", async () => {
  const contextLimit = new ContextLimit({ promptOf, maxPromptCharactersOf: () => undefined, overflow: "refuse" });
  const models = new ModelCatalog(["gptomni", "org/big"], { aliases: ALIASES, unknown: "serve" });
  const { client, anthropic } = await serve(says("Hello"), { contextLimit, models }).then((server) => ({
    ...server,
    anthropic: new Anthropic({ apiKey: KEY, baseURL: server.url, maxRetries: 0 }),
  }));
  const { usage } = await client.chat.completions.create({ ...HELLO, model: "fast" });
  const counted = await anthropic.messages.countTokens({ model: "fast", messages: HELLO.messages });
  expect([usage?.prompt_tokens, counted.input_tokens]).toEqual([101, 101]);
});

describe.each(REQUESTS)("%s with a model's name", (path, body) => {
  test.each(["gpt-5.6-luna", "claude-opus-5-5", "deepseek/r1:free", "模型", "http://host/v1", "constructor"])(
    "that no site has, %s, is served by the default model and answers by that name",
    async (model) => {
      const { ask, served } = await open();
      const response = await ask(path, { ...body, model });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ model });
      expect(response.headers.get("x-gateway-model")).toBe("gptomni");
      expect(served).toEqual(["gptomni"]);
    },
  );

  test("of the site's is served by that model, streamed too", async () => {
    const { ask, served } = await open();
    const response = await ask(path, { ...body, model: "org/big", stream: true });
    expect(await response.text()).toContain('"model":"org/big"');
    expect([response.headers.get("x-gateway-model"), served]).toEqual(["org/big", ["org/big"]]);
  });

  test("that is empty answers by the name of the model that serves", async () => {
    const { ask } = await open();
    const response = await ask(path, { ...body, model: "" });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"model":"gptomni"')]);
  });

  test("that is an alias is served by what it stands for", async () => {
    const { ask, served } = await open(
      new ModelCatalog(["gptomni", "org/big"], { aliases: ALIASES, unknown: "refuse" }),
    );
    const response = await ask(path, { ...body, model: "fast" });
    expect(await response.json()).toMatchObject({ model: "fast" });
    expect([response.headers.get("x-gateway-model"), served]).toEqual(["org/big", ["org/big"]]);
  });

  test("that nobody knows is refused where the operator wants it so", async () => {
    const { ask, served } = await open(new ModelCatalog(["gptomni"], { aliases: ALIASES, unknown: "refuse" }));
    for (const model of ["gpt-9", ""]) {
      const response = await ask(path, { ...body, model });
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("does not exist")]);
    }
    expect(served).toEqual([]);
  });

  test("that would fill every chunk is refused", async () => {
    const { ask } = await open();
    expect((await ask(path, { ...body, model: "x".repeat(10_000) })).status).toBe(404);
  });
});

test("counting tokens takes any model's name, and names the one that counts", async () => {
  const { anthropic } = await open();
  const { data, response } = await anthropic.messages
    .countTokens({ model: "claude-haiku-5-5", messages: HELLO.messages })
    .withResponse();
  expect([data.input_tokens, response.headers.get("x-gateway-model")]).toEqual([2, "gptomni"]);
});

test("applications keep the names that they have built in", async () => {
  const { url, anthropic, served } = await open();
  const message = await anthropic.messages.create({ model: "claude-opus-5-5", ...MESSAGE });
  const openai = createOpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
  const { text } = await generateText({ model: openai("gpt-5.6-luna"), prompt: "Hello!" });
  const chat = new ChatOpenAI({ apiKey: KEY, model: "gpt-4o-mini", configuration: { baseURL: `${url}/v1` } });
  const { content } = await chat.invoke("Hello!");
  expect([message.model, text, content]).toEqual(["claude-opus-5-5", "Hello", "Hello"]);
  expect(new Set(served)).toEqual(new Set(["gptomni"]));
});

describe("the list of models", () => {
  test("is read by both SDKs, and holds what exists only", async () => {
    const { client, anthropic } = await open(new ModelCatalog(["gptomni"], { aliases: ALIASES, unknown: "serve" }));
    const names = ["gptomni", "fast", "gpt-4o"];
    expect((await Array.fromAsync(client.models.list())).map(({ id }) => id)).toEqual(names);
    const models = await Array.fromAsync(anthropic.models.list({ limit: 1_000 }));
    expect(models).toMatchObject(
      names.map((id) => ({ id, type: "model", display_name: id, created_at: "2023-11-14T22:13:20Z" })),
    );
    expect(await anthropic.models.retrieve("fast")).toMatchObject({ id: "fast", type: "model", display_name: "fast" });
    await expect(anthropic.models.retrieve("gpt-9")).rejects.toMatchObject({ status: 404 });
  });

  test("is one page", async () => {
    const { url } = await serve(says("Hello"));
    const list = await (await fetch(`${url}/v1/models`, { headers: JSON_HEADERS })).json();
    expect(list).toMatchObject({ has_more: false, first_id: "gptomni", last_id: "org/big" });
  });
});

describe("the settings of model names", () => {
  test("are read, and by default every name is served", () => {
    const { models } = loadConfig({ MODEL_ALIASES: "gpt-4o=gptomni org/big:free=gptomni" });
    expect([...models.aliases]).toEqual([
      ["gpt-4o", "gptomni"],
      ["org/big:free", "gptomni"],
    ]);
    expect(models.unknown).toBe("serve");
    expect(loadConfig({ UNKNOWN_MODELS: "refuse" }).models.unknown).toBe("refuse");
  });

  test.each([
    { MODEL_ALIASES: "gpt-4o" },
    { MODEL_ALIASES: "=gptomni" },
    { MODEL_ALIASES: "a=gptomni a=gptomni" },
    { UNKNOWN_MODELS: "maybe" },
  ])("that are wrong, %j, are named", (env) => {
    expect(() => loadConfig(env)).toThrow(new RegExp(`${Object.keys(env).join()}: expected`));
  });

  test("keep the gateway from starting where an alias means no model", async () => {
    const opened = openWorld({ settings: { MODEL_ALIASES: "a=gptomni gpt-4o=gpt-5 b=none" } });
    await expect(opened).rejects.toThrow(ConfigError);
    await expect(opened).rejects.toThrow('MODEL_ALIASES: expected names for gptomni, got "gpt-4o=gpt-5 b=none"');
  });
});

test("pages of other origins may read which model answered", async () => {
  const { post } = await serve(says("Hello"));
  const response = await post(HELLO, { origin: "https://app.example" });
  expect(response.headers.get("access-control-expose-headers")).toContain("x-gateway-model");
});
