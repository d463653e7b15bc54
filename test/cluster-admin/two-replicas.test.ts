import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { startGateway, type RunningGateway } from "../../src/main.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { SECRET_KEY } from "../support/engines.ts";
import { LiveViewer } from "../support/live-viewer.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";
import { freshDatabase } from "../support/shared-postgres.ts";
import { openWorld, type World } from "../support/world.ts";

const PATIENCE = { timeout: 60_000 };

interface Answer {
  readonly [name: string]: unknown;
  readonly replicas: readonly { readonly id: string }[];
  readonly data: readonly { readonly [name: string]: unknown }[];
}

/** Another replica, which opens no pages: it answers with the accounts of the first one. */
async function openDoor(world: World, databaseUrl: string): Promise<RunningGateway> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-test-"));
  const config = loadConfig({
    PORT: "0",
    API_MASTER_KEY: API_KEY,
    GPTOMNI_ORIGIN: world.simulator.origin,
    BROWSER_ARGS: world.simulator.browserArgs,
    BROWSER_PATH: process.env["BROWSER_PATH"],
    RATE_LIMIT: "off",
    STATE_DIR: stateDir,
    DATABASE_URL: databaseUrl,
    SECRET_KEY,
    MAX_OPEN_SESSIONS: "0",
  });
  const gateway = await startGateway(config, { api: API_KEY, admin: ADMIN_KEY }, world.log);
  onTestFinished(async () => {
    await gateway[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  });
  return gateway;
}

test.skipIf(LACKS_POSTGRES)(
  "accounts are seen, switched off and used by hand through a replica without pages",
  async () => {
    const databaseUrl = await freshDatabase();
    await using world = await openWorld({ accounts: ["alice"], settings: { DATABASE_URL: databaseUrl, SECRET_KEY } });
    const door = await openDoor(world, databaseUrl);
    const ask = async (path: string, method = "GET"): Promise<Answer> => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` };
      return (await (await fetch(`${door.url}/admin/api${path}`, { method, headers })).json()) as Answer;
    };
    const alice = async () => (await ask("/accounts")).data.find(({ id }) => id === "alice");
    await expect
      .poll(alice, PATIENCE)
      .toMatchObject({ state: "ready", replica: expect.any(String), lastKnownAt: null });
    const { replicas } = await ask("/overview");
    expect(replicas).toMatchObject([
      { isAsked: true, state: "serving", accounts: 0 },
      { isAsked: false, state: "serving", accounts: 1, openPages: 1 },
    ]);
    expect(await alice()).toMatchObject({ replica: replicas[1]?.id });

    const client = new OpenAI({ apiKey: API_KEY, baseURL: `${door.url}/v1`, maxRetries: 0 });
    await client.chat.completions.create({ model: "gptomni", messages: [{ role: "user", content: "Hello" }] });
    expect((await alice())?.["recent"]).toMatchObject([{ ok: true, code: null }]);

    expect(await ask("/accounts/alice/disable", "POST")).toMatchObject({ state: "disabled", replica: replicas[1]?.id });
    expect(world.gateway.pool.states).toMatchObject([{ id: "alice", state: "disabled" }]);
    await ask("/accounts/alice/enable", "POST");
    expect(await ask("/accounts/alice")).toMatchObject({ replica: replicas[1]?.id, history: expect.anything() });

    const viewer = await LiveViewer.open(door.url, "accounts/alice/live-view");
    onTestFinished(() => viewer[Symbol.dispose]());
    await expect.poll(() => viewer.frames.length, PATIENCE).toBeGreaterThan(0);
    expect(world.gateway.pool.states).toMatchObject([{ state: "taken_over" }]);
    await expect.poll(alice).toMatchObject({ state: "taken_over" });
    viewer.send({ type: "leave" });
    await expect.poll(alice, PATIENCE).toMatchObject({ state: "ready" });
    await expect
      .poll(async () => (await ask("/events?kind=audit")).data.map(({ summary }) => summary))
      .toEqual(expect.arrayContaining(["live view started: alice", "account disabled: alice"]));
  },
);
