import { expect, test } from "vitest";
import { PROTOCOL } from "../../src/cluster/protocol.ts";
import { openReplicas, OPERATOR } from "./admin-replicas.ts";
import { KEY } from "../support/scripted-gateway.ts";

interface Row {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly replica: string | null;
  readonly lastKnownAt: number | null;
}

interface List {
  readonly data: readonly Row[];
  readonly queue: object;
}

interface Overview {
  readonly isServing: boolean;
  readonly accounts: object;
  readonly warnings: readonly string[];
  readonly replicas: readonly { readonly id: string; readonly state: string }[];
}

const placesIn = ({ data }: List) => Object.fromEntries(data.map(({ id, state, replica }) => [id, [state, replica]]));

test("every replica lists the accounts of all, each with the replica that has it", async () => {
  const { replicas, database } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob", "carol"] }, {});
  database.listed.push({ ...database.listed[0], id: "dora" } as never);
  const expected = {
    alice: ["ready", "replica-1"],
    bob: ["ready", "replica-2"],
    carol: ["ready", "replica-2"],
    dora: ["unowned", null],
  };
  for (const { get } of replicas) expect(placesIn(await get<List>("/accounts"))).toEqual(expected);
  const [{ get }] = replicas;
  const { data } = await get<List>("/accounts");
  expect(data.at(-1)).toMatchObject({ id: "dora", reason: "No replica has taken it yet." });
  expect((await get<List>("/accounts?limit=2")).data.map(({ id }) => id)).toEqual(["alice", "bob"]);
  expect(await get("/accounts/carol")).toMatchObject({
    id: "carol",
    state: "ready",
    replica: "replica-2",
    history: [],
  });
  expect(await get("/accounts/dora")).toMatchObject({ id: "dora", state: "unowned", replica: null });
  expect(await get("/accounts/nobody")).toMatchObject({ error: { code: "account_not_found" } });
  expect(await get("/settings")).toMatchObject({ object: "list", replica: "replica-1" });
});

test("the overview sums up all replicas, and says how each does", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"] }, {});
  const [, busy, door] = replicas;
  busy.facts.isDraining = true;
  door.facts.isFenced = true;
  door.waiting.push({ requestId: "req_2", position: 1, waitedMs: 5 });
  busy.waiting.push({ requestId: "req_1", position: 1, waitedMs: 9 });
  const overview = await door.get<Overview>("/overview");
  expect(overview).toMatchObject({
    isServing: true,
    reasons: [],
    accounts: { total: 2, byState: { ready: 2 } },
    queue: { length: 2, estimatedWaitMs: 1_000 },
    traffic: { maxOpenPages: 3 },
  });
  expect(overview.replicas).toEqual([
    { id: "replica-3", version: "1.0.0", isAsked: true, state: "fenced", accounts: 0, waiting: 1, ...FIGURES },
    { id: "replica-1", version: "1.0.0", isAsked: false, state: "serving", accounts: 1, waiting: 0, ...FIGURES },
    { id: "replica-2", version: "1.0.0", isAsked: false, state: "draining", accounts: 1, waiting: 1, ...FIGURES },
  ]);
  const queue = await door.get<{ readonly waiting: readonly object[] }>("/queue");
  expect(queue).toMatchObject({ length: 2, limit: 300 });
  expect(queue.waiting).toMatchObject([
    { position: 1, requestId: "req_1" },
    { position: 2, requestId: "req_2" },
  ]);
});

const FIGURES = { openPages: 0, maxOpenPages: 1, heartbeatAgeMs: 12 };

test("an account is disabled at whichever replica is asked, by the one that has it", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"] }, {});
  const [, owner, door] = replicas;
  const response = await door.post("/accounts/bob/disable");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    state: "disabled",
    replica: "replica-2",
    effect: "Done by replica-2.",
  });
  expect(owner.rows.map(({ state }) => state)).toEqual(["disabled"]);
  // Who did it is kept once, where it was asked.
  expect(owner.audited).toEqual([]);
  expect(door.audited).toMatchObject([
    { kind: "account_disabled", account: "bob", before: { state: "ready" }, after: { state: "disabled" } },
  ]);
  expect((await door.post("/accounts/nobody/disable")).status).toBe(404);
});

test("what cannot be done says why: nobody has the account", async () => {
  const { replicas, database } = await openReplicas({ accounts: ["alice"] }, {});
  database.listed.push({ ...database.listed[0], id: "dora" } as never);
  const response = await replicas[1].post("/accounts/dora/disable");
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    error: { code: "replica_unavailable", message: "Nothing was done with account dora. No replica has taken it yet." },
  });
  expect(replicas[1].audited).toEqual([]);
});

test("the accounts of a frozen replica stay in view as it told them last, and it is not waited for again", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"] });
  const [door, frozen] = replicas;
  await door.get("/accounts");
  frozen.link.freeze();
  const { data } = await door.get<List>("/accounts");
  expect(data.find(({ id }) => id === "bob")).toMatchObject({ state: "ready", replica: "replica-2" });
  expect(data.find(({ id }) => id === "bob")?.lastKnownAt).toBeGreaterThan(0);
  const before = frozen.link.seen.connections;
  const overview = await door.get<Overview>("/overview");
  expect(overview.replicas[1]).toMatchObject({ id: "replica-2", state: "silent", accounts: null });
  expect(overview.warnings).toContain("Replica replica-2 does not answer.");
  expect(overview.accounts).toEqual({ total: 2, byState: { ready: 2 } });
  expect(frozen.link.seen.connections - before).toBeLessThanOrEqual(1);
  const refused = await door.post("/accounts/bob/disable");
  expect(await refused.json()).toMatchObject({ error: { code: "replica_unavailable" } });
});

test("a replica whose version cannot be asked is shown as that, with the accounts that it has", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"], protocol: PROTOCOL + 1 });
  const [door] = replicas;
  const { replicas: shown, warnings } = await door.get<Overview>("/overview");
  expect(shown[1]).toMatchObject({ id: "replica-2", state: "incompatible", version: "1.0.0", accounts: null });
  expect(warnings).toContain("Replica replica-2 has version 1.0.0, which this one cannot ask.");
  const why = "Replica replica-2 has it, and has a version that this one cannot ask.";
  expect(await door.get("/accounts/bob")).toMatchObject({ state: "unknown", reason: why, replica: "replica-2" });
  expect(await (await door.post("/accounts/bob/disable")).json()).toMatchObject({
    error: { code: "replica_unavailable", message: `Nothing was done with account bob. ${why}` },
  });
});

test("a replica that dies leaves its accounts without an owner, until another one takes them", async () => {
  const { replicas, database } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"] }, {});
  const [door, dead, heir] = replicas;
  await dead.internal[Symbol.asyncDispose]();
  const bob = async () => (await door.get<List>("/accounts")).data.find(({ id }) => id === "bob");
  // It never told anything of its accounts to this door.
  await expect.poll(bob).toMatchObject({ state: "unknown", reason: "Replica replica-2 has it and does not answer." });
  database.replicas.splice(1, 1);
  await expect.poll(bob).toMatchObject({ state: "unowned", replica: null });
  heir.rows.push(...dead.rows);
  database.owners.set("bob", heir.id);
  await expect.poll(bob).toMatchObject({ state: "ready", replica: "replica-3" });
});

test("a bundle of a failure is found at the replica that has it", async () => {
  const id = `req_${"0".repeat(32)}`;
  const bundles = {
    find: async (requestId: string) => (requestId === id ? ({ requestId } as never) : undefined),
    file: async (requestId: string) => (requestId === id ? Buffer.from([0xff, 0xd8, 0xff]) : undefined),
  };
  const { replicas } = await openReplicas({}, { bundles });
  const [{ url, get }] = replicas;
  expect(await get(`/requests/${id}/bundle`)).toEqual({ requestId: id });
  const picture = await fetch(`${url}/admin/api/requests/${id}/bundle/screenshot.jpg`, { headers: OPERATOR });
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  const none = await get(`/requests/req_${"1".repeat(32)}/bundle`);
  expect(none).toMatchObject({ error: { code: "bundle_not_found" } });
});

test("what replicas ask each other is not on the public port, and no key opens their own listener", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, {});
  const [{ url, internal }] = replicas;
  const paths = ["/internal/admin", "/internal/stream", "/internal/live-view"];
  for (const path of paths) {
    for (const key of [KEY, OPERATOR.authorization.slice("Bearer ".length)]) {
      const headers = { authorization: `Bearer ${key}` };
      const body = `${JSON.stringify({ type: "look", ask: {} })}\n`;
      expect((await fetch(`${url}${path}`, { method: "POST", headers, body })).status).toBe(404);
      const asked = await fetch(`http://127.0.0.1:${internal.port}${path}`, {
        method: "POST",
        headers: { ...headers, "x-protocol": "1" },
        body,
      });
      expect([401, 404]).toContain(asked.status);
      expect(await asked.text()).toBe("");
    }
  }
});
