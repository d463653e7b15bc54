import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { StreamReader } from "../../src/admin/stream-reader.ts";
import { localChanges } from "../../src/admin/stream-sources.ts";
import { OperatorAccess } from "../../src/http/operator.ts";
import { LatestEvents } from "../../src/records/latest-events.ts";
import { RequestFeed } from "../../src/observe/request-feed.ts";
import type { RequestRecord } from "../../src/observe/request-record.ts";
import { AccountEvents, type AccountEvent } from "../../src/pool/account-event.ts";
import { accountRow, adminParts } from "../support/admin-parts.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { messagesOf, type AnyData } from "../support/stream-messages.ts";
import { HELLO, says, serve } from "../support/scripted-gateway.ts";

const BUSY: AccountEvent = {
  kind: "state",
  accountId: "alice",
  from: "ready",
  to: "busy",
  reason: "answering",
  since: 1,
  nextTryAt: undefined,
};

const ALERT = {
  at: 1,
  kind: "alert" as const,
  account: "alice",
  actor: null,
  summary: "alice needs a person.",
  before: null,
  after: null,
};

const OPERATOR = { authorization: `Bearer ${ADMIN_KEY}` };

describe("the stream", () => {
  test("begins with what there is, then tells what changes: fields of accounts, requests and events", async () => {
    const events = new AccountEvents();
    const requests = new RequestFeed();
    const changes = new LatestEvents();
    changes.load([{ ...ALERT, id: 7, summary: "before the start" }]);
    const rows = [accountRow(), accountRow({ id: "bob" })];
    const parts = { ...adminParts(rows), changes, events, requests, sinks: [requests] };
    const { url, post } = await serve(says("Hello"), parts);
    const response = await fetch(`${url}/admin/api/stream`, { headers: OPERATOR });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const { messages } = messagesOf(response);
    const lastOf = (event: string): AnyData | undefined =>
      messages.findLast((message) => message.event === event)?.data;
    await expect.poll(() => lastOf("snapshot")?.accounts.map(({ id }) => id)).toEqual(["alice", "bob"]);
    expect(lastOf("snapshot")?.overview).toMatchObject({ isServing: true, accounts: { byState: { ready: 2 } } });
    expect(lastOf("snapshot")?.overview).toMatchObject({ changes: [{ summary: "before the start", kind: "alert" }] });
    changes.add(ALERT);
    await expect
      .poll(() => lastOf("event"))
      .toMatchObject({ data: [{ summary: "alice needs a person." }], omitted: 0 });
    rows[0] = accountRow({ state: "busy", reason: "answering", isLeased: true });
    rows.pop();
    events.emit(BUSY);
    await expect
      .poll(() => lastOf("accounts"))
      .toMatchObject({
        changed: [{ id: "alice", state: "busy", reason: "answering", isAnswering: true }],
        removed: ["bob"],
      });
    expect(Object.keys(lastOf("accounts")?.changed[0] ?? {}).toSorted()).toEqual([
      "id",
      "isAnswering",
      "reason",
      "state",
    ]);
    await (await post(HELLO)).text();
    await expect
      .poll(() => lastOf("requests")?.data[0])
      .toMatchObject({
        account: "alice",
        model: "gptomni",
        route: "/v1/chat/completions",
        status: 200,
        code: null,
        key: "master",
      });
    await response.body?.cancel().catch(() => {});
  });

  test("tells who needs a person and what to mend, though no event comes of it", async () => {
    const rows = [accountRow()];
    const warnings: string[] = [];
    const readiness = () => ({ ready: true, reasons: [], warnings });
    const { url } = await serve(says("Hello"), { ...adminParts(rows), readiness });
    const response = await fetch(`${url}/admin/api/stream`, { headers: OPERATOR });
    const { messages } = messagesOf(response);
    await expect.poll(() => messages).toHaveLength(1);
    rows[0] = accountRow({ state: "expired", reason: "signed out" });
    warnings.push("The disk is full.");
    await expect.poll(() => messages.find(({ event }) => event === "accounts")?.data.changed).toHaveLength(1);
    await expect
      .poll(() => messages.findLast(({ event }) => event === "queue")?.data)
      .toMatchObject({
        warnings: ["The disk is full."],
        accounts: { total: 1, byState: { expired: 1 } },
        attention: [{ account: "alice", kind: "expired" }],
      });
    await response.body?.cancel().catch(() => {});
  });

  test("costs nothing once nobody reads it", async () => {
    const events = new AccountEvents();
    let listeners = 0;
    const counted = {
      subscribe: (listener: (event: AccountEvent) => void): Disposable => {
        listeners += 1;
        const subscription = events.subscribe(listener);
        return {
          [Symbol.dispose]: () => {
            listeners -= 1;
            subscription[Symbol.dispose]();
          },
        };
      },
    };
    const { url } = await serve(says("Hello"), { events: counted });
    const leaving = new AbortController();
    const response = await fetch(`${url}/admin/api/stream`, { headers: OPERATOR, signal: leaving.signal });
    messagesOf(response);
    await expect.poll(() => listeners).toBe(1);
    leaving.abort();
    await expect.poll(() => listeners).toBe(0);
  });

  test("ends when the gateway stops", async () => {
    const leaving = new AbortController();
    const { url } = await serve(says("Hello"), { leaving: leaving.signal });
    const { state } = messagesOf(await fetch(`${url}/admin/api/stream`, { headers: OPERATOR }));
    leaving.abort();
    await expect.poll(() => state.isOver).toBe(true);
  });

  test("ends when its session signs out, and another session's goes on", async () => {
    const operator = new OperatorAccess(ADMIN_KEY);
    const { url } = await serve(says("Hello"), { operator });
    const streams = [1, 2].map(async () => {
      const { session, secret } = await operator.sessions.start();
      const headers = { cookie: `gateway_session=${secret}`, "sec-fetch-site": "same-origin" };
      return { session, ...messagesOf(await fetch(`${url}/admin/api/stream`, { headers })) };
    });
    const [one, other] = await Promise.all(streams);
    await expect.poll(() => [one?.messages.length, other?.messages.length]).toEqual([1, 1]);
    await operator.sessions.end(one?.session.id ?? "");
    await expect.poll(() => one?.state.isOver).toBe(true);
    expect(other?.state.isOver).toBe(false);
  });
});

describe("a reader, in time that the test moves", () => {
  beforeEach(
    () =>
      void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] }),
  );
  afterEach(() => void vi.useRealTimers());

  test("gets at most four messages a second, however much happens", async () => {
    const { reader, rows, events, requests, connection } = open();
    expect(connection.written).toHaveLength(1);
    for (let turn = 0; turn < 1_000; turn += 1) {
      rows[0] = accountRow({ reason: `turn ${turn}`, since: 1_000 * turn });
      events.emit(BUSY);
      requests.add(record(`req_${turn}`));
      await vi.advanceTimersByTimeAsync(10);
    }
    const events10s = connection.written.slice(1).map((text) => /^event: (.*)$/m.exec(text)?.[1]);
    expect(events10s.length).toBeLessThanOrEqual(41);
    expect(new Set(events10s)).toEqual(new Set(["accounts", "requests"]));
    reader[Symbol.dispose]();
  });

  test("that is slow gets the newest state once it reads again, and nothing in between", async () => {
    const { reader, rows, events, requests, connection } = open();
    connection.isRoomy = false;
    rows[0] = accountRow({ reason: "first" });
    events.emit(BUSY);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(connection.written).toHaveLength(2);
    for (let turn = 0; turn < 500; turn += 1) {
      rows[0] = accountRow({ reason: `turn ${turn}` });
      events.emit(BUSY);
      requests.add(record(`req_${turn}`));
    }
    await vi.advanceTimersByTimeAsync(20_000);
    expect(connection.written).toHaveLength(2);
    connection.isRoomy = true;
    connection.drained();
    await vi.advanceTimersByTimeAsync(1_000);
    const later = connection.written.slice(2).join("");
    expect(later).toContain('"reason":"turn 499"');
    expect(later).not.toContain('"turn 498"');
    expect(later).toContain('"omitted":450');
    reader[Symbol.dispose]();
  });

  test("that reads nothing for a minute is cut off", async () => {
    const { reader, events, rows, connection } = open();
    connection.isRoomy = false;
    rows[0] = accountRow({ reason: "first" });
    events.emit(BUSY);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(connection.isDestroyed).toBe(true);
    reader[Symbol.dispose]();
  });

  test("hears a beat now and then while nothing happens", async () => {
    const { reader, connection } = open();
    await vi.advanceTimersByTimeAsync(31_000);
    const beat = expect.stringMatching(/^event: beat\ndata: \{"at":\d+\}\n\n$/);
    expect(connection.written.slice(1)).toEqual([beat, beat]);
    reader[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.written).toHaveLength(3);
  });
});

const isReady = () => ({ ready: true, reasons: [] });

/** A reader whose connection takes messages while `isRoomy`. */
function open() {
  const events = new AccountEvents();
  const requests = new RequestFeed();
  const rows = [accountRow()];
  const sources = localChanges({ ...adminParts(rows), readiness: isReady, events, requests });
  const connection = {
    isRoomy: true,
    isDestroyed: false,
    written: [] as string[],
    drained: () => {},
    write(text: string): boolean {
      this.written.push(text);
      return this.isRoomy;
    },
    once(_event: "drain", listener: () => void): void {
      this.drained = listener;
    },
    destroy(): void {
      this.isDestroyed = true;
    },
  };
  const reader = new StreamReader(sources, connection);
  return { reader, rows, events, requests, connection };
}

function record(id: string): RequestRecord {
  return {
    id,
    at: 1,
    method: "POST",
    route: "/v1/messages",
    status: 200,
    durationMs: 1,
    phases: {},
  } as RequestRecord;
}
