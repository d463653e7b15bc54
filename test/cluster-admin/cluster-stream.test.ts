import { expect, onTestFinished, test } from "vitest";
import type { RequestRecord } from "../../src/observe/request-record.ts";
import { messagesOf, type AnyData } from "../support/stream-messages.ts";
import { openReplicas, OPERATOR, type AdminReplica } from "./admin-replicas.ts";

const EVENT = {
  at: 1,
  kind: "alert" as const,
  account: "bob",
  actor: null,
  summary: "bob needs a person.",
  before: null,
  after: null,
};

/** A console that is open at the replica. */
async function openConsole({ url }: AdminReplica) {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(`${url}/admin/api/stream`, { headers: OPERATOR, signal: leaving.signal });
  const { messages } = messagesOf(response);
  const lastOf = (event: string): AnyData | undefined => messages.findLast((message) => message.event === event)?.data;
  await expect.poll(() => messages.length).toBeGreaterThan(0);
  return { messages, lastOf, close: () => leaving.abort() };
}

function changeState(replica: AdminReplica, state: AdminReplica["rows"][number]["state"]): void {
  const [row] = replica.rows;
  if (row) replica.rows[0] = { ...row, state };
  const change = { reason: "", since: 1, nextTryAt: undefined };
  replica.events.emit({ kind: "state", accountId: "bob", from: "ready", to: "busy", ...change });
}

test("a console at any replica hears what changes at all of them, and each event once", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"] }, {});
  const [near, far, door] = replicas;
  // All of them have read it from the database.
  for (const { changes } of replicas) changes.load([{ ...EVENT, id: 7, summary: "before the start" }]);
  const { messages, lastOf } = await openConsole(door);
  const snapshot = lastOf("snapshot");
  expect(snapshot?.accounts).toMatchObject([
    { id: "alice", replica: "replica-1" },
    { id: "bob", replica: "replica-2" },
  ]);
  expect(snapshot?.overview).toMatchObject({
    accounts: { byState: { ready: 2 } },
    changes: [{ summary: "before the start" }],
  });
  changeState(far, "busy");
  await expect.poll(() => lastOf("accounts")?.changed).toEqual([{ id: "bob", state: "busy" }]);
  far.changes.add(EVENT);
  await expect.poll(() => lastOf("event")?.data).toMatchObject([{ summary: "bob needs a person." }]);
  near.requests.add({
    id: "req_1",
    at: 1,
    method: "POST",
    route: "/v1/messages",
    status: 200,
    keyName: "anna",
  } as RequestRecord);
  await expect.poll(() => lastOf("requests")?.data).toMatchObject([{ id: "req_1", key: "anna", code: null }]);
  far.facts.isDraining = true;
  await expect
    .poll(() => lastOf("queue"))
    .toMatchObject({ replicas: [{ id: "replica-3" }, { id: "replica-1" }, { id: "replica-2", state: "draining" }] });
  expect(messages.filter(({ event }) => event === "event")).toHaveLength(1);
});

test("replicas tell each other changes only while a console is open", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"] });
  const [door, far] = replicas;
  expect(far.listeners()).toBe(0);
  const first = await openConsole(door);
  const second = await openConsole(door);
  // One stream serves all consoles of a replica.
  await expect.poll(() => far.listeners()).toBe(1);
  first.close();
  changeState(far, "busy");
  await expect.poll(() => second.lastOf("accounts")?.changed).toEqual([{ id: "bob", state: "busy" }]);
  second.close();
  await expect.poll(() => far.listeners()).toBe(0);
});

test("a console is told that a replica does not answer any more", async () => {
  const { replicas } = await openReplicas({ accounts: ["alice"] }, { accounts: ["bob"] });
  const [door, frozen] = replicas;
  const { messages } = await openConsole(door);
  frozen.link.freeze();
  const told = () => messages.flatMap(({ event, data }) => (event === "accounts" ? data.changed : []));
  await expect.poll(told, { timeout: 10_000 }).toMatchObject([{ id: "bob", lastKnownAt: expect.any(Number) }]);
});
