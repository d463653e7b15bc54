import OpenAI from "openai";
import { expect, test } from "vitest";
import { API_KEY } from "../support/api-key.ts";
import { openTwoSites } from "../support/two-sites.ts";

test("each model is asked at its own site, by accounts of that site only", async () => {
  await using world = await openTwoSites({ MODEL_ALIASES: "polly=parrot-1" });
  const { first, second, gateway } = world;
  await gateway.setAccounts([
    { id: "alice", cookie: first.addAccount("alice") },
    { id: "bob", cookie: second.addAccount("bob"), site: "parrot" },
  ]);
  const client = new OpenAI({ apiKey: API_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const ask = async (model: string): Promise<unknown[]> => {
    const messages = [{ role: "user", content: `as ${model}` }] as const;
    const { data, response } = await client.chat.completions.create({ model, messages: [...messages] }).withResponse();
    return [data.choices[0]?.message.content, data.model, response.headers.get("x-gateway-account")];
  };
  expect(await ask("gptomni")).toEqual(["You said: as gptomni", "gptomni", "alice"]);
  expect(await ask("parrot-1")).toEqual(["You said: as parrot-1", "parrot-1", "bob"]);
  expect(await ask("polly")).toEqual(["You said: as polly", "polly", "bob"]);
  expect(await ask("gpt-4o")).toEqual(["You said: as gpt-4o", "gpt-4o", "alice"]);
  await gateway.pool.operator.disable("bob");
  await expect(ask("polly")).rejects.toMatchObject({ status: 503, code: "no_usable_account" });
  expect(await ask("gptomni")).toEqual(["You said: as gptomni", "gptomni", "alice"]);
  const accountsAsked = [first, second].map(({ posts }) => new Set(posts.map(({ account }) => account)));
  expect(accountsAsked).toEqual([new Set(["alice"]), new Set(["bob"])]);
});
