import { randomUUID } from "node:crypto";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { moveStore, type Move } from "../../src/store/move-store.ts";
import { openStore, type Store, type StoreOptions } from "../../src/store/store.ts";
import { SECRET_KEY } from "../support/engines.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";
import { storedRequestOf } from "../../src/records/stored-request.ts";
import { requestRecord } from "../support/recording.ts";
import { freshDatabase } from "../support/shared-postgres.ts";

const ALICE = { id: "alice", signInKey: "token=configured", cookie: "token=configured" };
const STORED = {
  cookies: '[{"name":"token","value":"rotated"}]',
  state: "cooldown",
  reason: "Wait.",
  since: 1_780_000_000_000,
  nextTryAt: 1_780_000_060_000,
  failuresInARow: 2,
  sentAt: [1_779_999_990_000],
};
const KEY = {
  id: "key-1",
  name: "anna",
  hash: "00",
  prefix: "sk-gw-abcd…",
  limits: { requestsPerDay: 5 },
  models: ["gptomni"],
  createdAt: 1,
  expiresAt: undefined,
  lastUsedAt: 2,
  revokedAt: undefined,
};
const EVENT = {
  at: 3,
  kind: "audit",
  account: "alice",
  actor: "admin",
  summary: "x",
  before: null,
  after: { a: 1 },
} as const;

let move: Omit<Move, "to">;
beforeEach(async () => {
  if (LACKS_POSTGRES) return;
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-move-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  move = { stateDir, databaseUrl: await freshDatabase(), secretKey: SECRET_KEY };
});

function request(id: string) {
  const stored = storedRequestOf(
    requestRecord({ id, at: 86_400_000, texts: { prompt: `Hello of ${id}`, answer: "Hi" } }),
  );
  if (!stored) throw new Error("It is a request.");
  return stored;
}

/** What a gateway of some age has stored. */
async function fill(options: StoreOptions, requests = 3): Promise<void> {
  await using store = await openStore(options);
  await store.accounts.save(ALICE, STORED);
  await store.apiKeys.save(KEY);
  await store.consoleAccounts.save({ ...ALICE, id: "bob", signInKey: "token=bob", proxy: undefined, site: undefined });
  await store.keyUse.save([{ keyId: "key-1", window: "requestsPerDay", used: 4, endsAt: Date.now() + 86_400_000 }]);
  await store.toldExpiries.save({ account: "alice", expiresAt: Date.now() });
  const made = Array.from({ length: requests }, (_none, index) => request(`req_${index}`));
  await store.records.write({ requests: made, counted: made, events: [EVENT] });
}

async function everythingIn(store: Store): Promise<unknown> {
  return {
    account: await store.accounts.load(ALICE),
    keys: await store.apiKeys.all(),
    added: await store.consoleAccounts.load(),
    used: await store.keyUse.all(),
    told: await store.toldExpiries.load(),
    requests: (await store.records.requests.page({}, 5_000)).rows,
    texts: await store.records.requests.find("req_0"),
    usage: (await store.records.usage.page({ by: "hour", from: 0, to: 1e12, group: ["key"] }, 10)).rows,
    events: (await store.records.events.page({}, 10)).rows,
  };
}

async function inSqlite(secretKey: string | undefined = SECRET_KEY): Promise<unknown> {
  await using store = await openStore({ stateDir: move.stateDir, secretKey });
  return await everythingIn(store);
}

/** Replicas know the database's clock as exactly as the machine is idle. */
function near(at: number): number {
  return expect.closeTo(at, -3) as number;
}

function putAway(): Promise<void> {
  return rename(join(move.stateDir, "gateway.sqlite"), join(move.stateDir, `before-${randomUUID()}`));
}

describe.skipIf(LACKS_POSTGRES)("a move of the stored state", () => {
  test("takes everything to PostgreSQL and back, and seals stay good", async () => {
    await fill({ stateDir: move.stateDir, secretKey: SECRET_KEY }, 1_203);
    const before = await inSqlite();
    const { rows, place } = await moveStore({ ...move, to: "postgres" });
    expect(rows).toBeGreaterThan(1_203);
    expect(place).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/test_/);
    const { since, nextTryAt, sentAt } = STORED;
    const times = { since: near(since), nextTryAt: near(nextTryAt), sentAt: sentAt.map(near) };
    const moved = { ...(before as object), account: { ...STORED, ...times, isConfiguredAnew: false } };
    await (async () => {
      await using store = await openStore(move);
      expect(await everythingIn(store)).toEqual(moved);
      const later = request("req_later");
      await store.records.write({ requests: [later], counted: [], events: [EVENT] });
      expect((await store.records.requests.page({}, 1)).rows).toMatchObject([{ id: "req_later" }]);
      expect((await store.records.events.page({}, 10)).rows.map(({ id }) => id)).toEqual([2, 1]);
    })();
    await putAway();
    expect((await moveStore({ ...move, to: "sqlite" })).rows).toBe(rows + 2);
    expect(await inSqlite()).toMatchObject({ account: { ...STORED, ...times }, added: { accounts: [{ id: "bob" }] } });
  });

  test("seals with SECRET_KEY what the key in STATE_DIR sealed", async () => {
    await fill({ stateDir: move.stateDir, secretKey: undefined });
    await moveStore({ ...move, to: "postgres" });
    await using store = await openStore(move);
    expect(await everythingIn(store)).toMatchObject({ account: { cookies: STORED.cookies }, texts: { answer: "Hi" } });
  });

  test("is refused where something is already, and changes nothing there", async () => {
    await fill({ stateDir: move.stateDir, secretKey: SECRET_KEY });
    await fill(move, 1);
    const refused = { name: "StoreError", code: "move_refused" };
    await expect(moveStore({ ...move, to: "postgres" })).rejects.toMatchObject(refused);
    await expect(moveStore({ ...move, to: "sqlite" })).rejects.toMatchObject(refused);
    await using store = await openStore(move);
    expect((await store.records.requests.page({}, 10)).rows).toHaveLength(1);
  });

  test("is refused while a gateway uses either of the two", async () => {
    await fill({ stateDir: move.stateDir, secretKey: SECRET_KEY });
    await (async () => {
      await using _running = await openStore({ stateDir: move.stateDir, secretKey: SECRET_KEY });
      await expect(moveStore({ ...move, to: "postgres" })).rejects.toMatchObject({ code: "store_in_use" });
    })();
    await using _running = await openStore(move);
    await expect(moveStore({ ...move, to: "postgres" })).rejects.toMatchObject({
      code: "store_in_use",
      message: /stop every replica first/,
    });
  });

  test("is refused where there is nothing to move", async () => {
    await expect(moveStore({ ...move, to: "postgres" })).rejects.toMatchObject({ message: /holds nothing to move/ });
  });

  test("is refused with a key that opens nothing there", async () => {
    await fill({ stateDir: move.stateDir, secretKey: "another secret key of thirty-two bytes" });
    await expect(moveStore({ ...move, to: "postgres" })).rejects.toMatchObject({ code: "seal_broken" });
  });
});
