import OpenAI from "openai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { startGateway } from "../../src/main.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { testCertificate } from "../support/certificate.ts";
import { parrotAt, PARROT_FORMAT } from "../support/parrot.ts";
import { WarmBrowsers } from "../support/warm-browsers.ts";

test("each model is asked at its own site, by accounts of that site only", async () => {
  const certificate = await testCertificate();
  await using first = await Simulator.start({ certificate });
  await using second = await Simulator.start({ certificate, format: PARROT_FORMAT });
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-sites-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const config = loadConfig({
    PORT: "0",
    STATE_DIR: stateDir,
    BROWSER_ARGS: first.browserArgs,
    BROWSER_PATH: process.env["BROWSER_PATH"],
    RATE_LIMIT: "off",
    MODEL_ALIASES: "polly=parrot-1",
  });
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const sites = new Sites([gptomni(new URL(first.origin)), parrotAt(new URL(second.origin))]);
  const provider = new WarmBrowsers(config.browser);
  await using gateway = await startGateway(config, { api: API_KEY, admin: ADMIN_KEY }, log, { sites, provider });
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
