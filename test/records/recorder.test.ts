import { expect, test } from "vitest";
import type { AccountState } from "../../src/pool/account-state.ts";
import type { AccountEvent } from "../../src/pool/account-event.ts";
import { record, requestRecord, type Recording } from "../support/recording.ts";
import { limitFiles } from "../support/store-disk.ts";

async function idsIn({ store }: Pick<Recording, "store">): Promise<string[]> {
  return (await store.records.requests.page({}, 10_001)).rows.map(({ id }) => id);
}

function became(to: AccountState, from: AccountState, accountId = "alice"): AccountEvent {
  return { kind: "state", accountId, from, to, reason: "why", since: 1_795_644_321_948, nextTryAt: undefined };
}

/** Nothing can be written while this is in force. */
function fullDisk(): Disposable {
  limitFiles("1");
  return { [Symbol.dispose]: () => limitFiles("unlimited") };
}

test("records are written together, soon and without being asked", async () => {
  const recording = await record({ writeDelayMs: 1 });
  const made = Array.from({ length: 1_200 }, () => requestRecord());
  for (const one of made) recording.recorder.add(one);
  await expect.poll(() => idsIn(recording)).toHaveLength(1_200);
  expect(new Set(await idsIn(recording))).toEqual(new Set(made.map(({ id }) => id)));
  const { rows } = await recording.store.records.usage.page({ by: "day", from: 0, to: Date.now() + 1, group: [] }, 10);
  expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(1_200);
});

test("what waits is written at the stop, and found after a restart", async () => {
  const { recorder, store, place } = await record();
  const one = requestRecord();
  recorder.add(one);
  await recorder[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await using reopened = await place.open();
  expect(await idsIn({ store: reopened })).toEqual([one.id]);
});

test("with KEEP_REQUESTS_DAYS=0 requests are counted and not kept", async () => {
  const recording = await record({ keepRequestsMs: 0 });
  recording.recorder.add(requestRecord({ at: 1_000 }));
  await recording.recorder.flush();
  expect(await idsIn(recording)).toEqual([]);
  const { rows } = await recording.store.records.usage.page({ by: "minute", from: 0, to: 60_000, group: [] }, 10);
  expect(rows).toMatchObject([{ at: 0, requests: 1 }]);
});

test("a full disk is told once, and what waited is recorded when there is room", async () => {
  const recording = await record({ writeDelayMs: 1, retryDelayMs: 1 });
  const { recorder, logged } = recording;
  const before = requestRecord();
  recorder.add(before);
  await recorder.flush();
  {
    using _disk = fullDisk();
    recorder.add(requestRecord());
    await expect.poll(() => recorder.problem).toContain("the room on its disk");
    for (let round = 0; round < 5; round += 1) {
      recorder.add(requestRecord());
      await recorder.flush();
    }
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^error requests and events are not recorded; requests are answered/);
    expect(await idsIn(recording)).toEqual([before.id]);
  }
  await expect.poll(() => recorder.problem).toBeUndefined();
  expect(await idsIn(recording)).toHaveLength(7);
  const { rows } = await recording.store.records.usage.page({ by: "day", from: 0, to: Date.now() + 1, group: [] }, 10);
  expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(7);
  expect(logged[1]).toMatch(/^info requests and events are recorded again \{"dropped":0\}/);
  expect(logged).toHaveLength(2);
});

test("of more than fits into memory the oldest is dropped and counted", async () => {
  const recording = await record({ writeDelayMs: 60_000, retryDelayMs: 60_000 });
  const { recorder } = recording;
  const made = Array.from({ length: 10_050 }, () => requestRecord());
  {
    using _disk = fullDisk();
    recorder.add(requestRecord());
    await recorder.flush();
    for (const one of made) recorder.add(one);
    expect(recorder.dropped).toBe(51);
  }
  await recorder.flush();
  const kept = new Set(await idsIn(recording));
  expect(kept).toEqual(new Set(made.slice(50).map(({ id }) => id)));
  expect(recording.logged.at(-1)).toContain('{"dropped":51}');
});

test("a gateway that ends while nothing can be written says how much is lost", async () => {
  const { recorder, logged } = await record();
  using _disk = fullDisk();
  for (let count = 0; count < 3; count += 1) recorder.add(requestRecord());
  await recorder[Symbol.asyncDispose]();
  expect(logged.at(-1)).toMatch(
    /^error the gateway ends, and its last records are not stored \{"requests":3,"events":0/,
  );
});

test("an account's events are its troubles and their end, not each request", async () => {
  const { recorder, store } = await record();
  const changes: [AccountState, AccountState][] = [
    ["opening", "idle"],
    ["ready", "opening"],
    ["busy", "ready"],
    ["rate_limited", "busy"],
    ["ready", "rate_limited"],
    ["expired", "busy"],
    ["opening", "expired"],
    ["expired", "opening"],
    ["cooldown", "expired"],
    ["ready", "cooldown"],
    ["busy", "ready"],
  ];
  for (const [to, from] of changes) recorder.onEvent(became(to, from));
  recorder.onEvent({ kind: "sent", accountId: "alice" });
  await recorder.flush();
  const { rows } = await store.records.events.page({}, 50);
  expect(rows.toReversed()).toMatchObject([
    { kind: "state", account: "alice", summary: "alice is expired: why", after: { state: "expired", reason: "why" } },
    { summary: "alice is cooldown: why", before: { state: "expired" } },
    { summary: "alice works again.", before: { state: "cooldown" }, after: { state: "ready" } },
  ]);
});
