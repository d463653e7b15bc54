import { describe, expect, test } from "vitest";
import { auditIn } from "../../src/admin/audit.ts";
import { GatewayError } from "../../src/errors.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { ENGINES } from "../support/engines.ts";
import { record, requestRecord, type Recording } from "../support/recording.ts";
import { fails, HELLO, says, serve } from "../support/scripted-gateway.ts";

const OPERATOR = { headers: { authorization: `Bearer ${ADMIN_KEY}` } };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The beginning of a UTC day. */
const MONDAY = Date.UTC(2026, 10, 23);

interface Body {
  readonly data: readonly Record<string, unknown>[];
  readonly nextCursor: string | null;
  readonly error?: { readonly code: string; readonly param: string; readonly message: string };
}

/** A gateway that records, and its admin API. */
async function open(recording: Recording, answer = says("Hello"), { keepsTexts = false } = {}) {
  const served = await serve(answer, { records: recording.reader, sinks: [recording.recorder], keepsTexts });
  const get = (path: string): Promise<Response> => fetch(`${served.url}/admin/api${path}`, OPERATOR);
  const list = async (path: string): Promise<Body> => (await (await get(path)).json()) as Body;
  const all = async (path: string): Promise<Record<string, unknown>[]> => {
    const rows: Record<string, unknown>[] = [];
    for (let cursor = ""; ;) {
      const page = await list(`${path}&${cursor}`);
      rows.push(...page.data);
      if (page.nextCursor === null) return rows;
      cursor = `cursor=${page.nextCursor}`;
    }
  };
  return { ...served, get, list, all };
}

function idsOf(rows: readonly Record<string, unknown>[]): unknown[] {
  return rows.map(({ id }) => id);
}

describe.each(ENGINES)("records on %s", (engine) => {
  test("each request to the API is listed, with its times, tokens and error; probes and the console are not", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording);
    const headers = (await gateway.post(HELLO)).headers;
    await gateway.post({ ...HELLO, messages: 1 });
    await fetch(`${gateway.url}/v1/models`, { headers: { authorization: "Bearer wrong" } });
    for (const path of ["/livez", "/docs"]) await fetch(gateway.url + path);
    await gateway.list("/events");
    await expect.poll(async () => (await gateway.list("/requests")).data.length).toBe(2);
    const { data, nextCursor } = await gateway.list("/requests");
    expect(nextCursor).toBe(null);
    expect(data).toMatchObject([
      { status: 400, code: "invalid_type", key: "master", account: null, attempts: null, queueMs: null },
      {
        id: headers.get("x-request-id"),
        status: 200,
        code: null,
        key: "master",
        account: "alice",
        model: "gptomni",
        method: "POST",
        route: "/v1/chat/completions",
        attempts: 1,
        queueMs: 0,
        paceMs: null,
        completionTokens: 1,
      },
    ]);
    expect(JSON.stringify(data)).not.toContain("Hello");
    const one = await gateway.get(`/requests/${headers.get("x-request-id")}`);
    expect(await one.json()).toEqual({ ...data[1], prompt: null, answer: null });
    const none = await gateway.get("/requests/req_unknown");
    expect([none.status, ((await none.json()) as Body).error?.code]).toEqual([404, "request_not_found"]);
  });

  test("an answer that breaks off after its status counts as failed", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording, fails(new GatewayError("reply_cut", "The site stopped."), "Hel"));
    await (await gateway.post({ ...HELLO, stream: true })).text();
    const failed = async (): Promise<unknown> => (await gateway.list("/requests?outcome=failed")).data;
    await expect.poll(failed).toMatchObject([{ status: 200, code: "reply_cut" }]);
    expect((await gateway.list("/usage")).data).toMatchObject([{ requests: 1, failed: 1 }]);
  });

  test("tokens are counted also where the client did not ask for them", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording);
    await (await gateway.post({ ...HELLO, stream: true })).text();
    const usage = async (): Promise<unknown> => (await gateway.list("/usage")).data;
    await expect.poll(usage).toMatchObject([{ requests: 1, completionTokens: 1 }]);
    const [row] = (await gateway.list("/requests")).data;
    expect(row).toMatchObject({ completionTokens: 1, reasoningTokens: 0 });
    expect(row?.["promptTokens"]).toBeGreaterThan(0);
  });

  test("with LOG_PROMPTS=on the texts are kept encrypted, and shown to the operator one by one", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording, says("Gre", "etings"), { keepsTexts: true });
    const long = "x".repeat(100_000);
    const messages = [{ role: "user", content: `${long} the last word` }];
    const id = (await gateway.post({ ...HELLO, messages })).headers.get("x-request-id");
    await expect.poll(async () => idsOf((await gateway.list("/requests")).data)).toEqual([id]);
    const one = (await (await gateway.get(`/requests/${id}`)).json()) as Record<"prompt" | "answer", string>;
    expect(one.answer).toBe("Greetings");
    expect(one.prompt).toMatch(/^…x+ the last word$/);
    expect(one.prompt.length).toBe(65_536);
    expect(JSON.stringify(await gateway.list("/requests"))).not.toContain("Greetings");
    expect(await recording.place.contents()).not.toMatch(/Greetings|the last word/);
  });

  test("pages of requests lose and repeat nothing, also where many came in one millisecond", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording);
    for (let count = 0; count < 23; count += 1) recording.recorder.add(requestRecord({ at: MONDAY + (count >> 3) }));
    const whole = idsOf((await gateway.list("/requests?limit=200")).data);
    expect(whole).toHaveLength(23);
    expect(idsOf(await gateway.all("/requests?limit=5"))).toEqual(whole);
    // What comes meanwhile is newer than every page that follows.
    const first = await gateway.list("/requests?limit=5");
    recording.recorder.add(requestRecord());
    const second = await gateway.list(`/requests?limit=5&cursor=${first.nextCursor}`);
    expect(idsOf([...first.data, ...second.data])).toEqual(whole.slice(0, 10));
  });

  test("filters narrow the list, each by itself and together", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording);
    const rows = [
      { at: MONDAY, keyId: "key-1", keyName: "master", account: "alice", model: "gptomni" },
      {
        at: MONDAY + 1,
        keyId: "key-2",
        keyName: "team",
        account: "bob",
        model: "gptomni",
        status: 502,
        code: "site_failed",
      },
      { at: MONDAY + 2, keyId: "key-2", keyName: "team", account: "alice", model: "big", route: "/v1/messages" },
      { at: MONDAY + 3, keyId: "key-2", keyName: "team", account: "bob", status: 499, code: "client_closed" },
    ];
    const records = rows.map(requestRecord);
    for (const one of records) recording.recorder.add(one);
    const found = async (query: string): Promise<number[]> => {
      const { data } = await gateway.list(`/requests?${query}`);
      return data.map(({ id }) => records.findIndex((one) => one.id === id));
    };
    expect(await found("key=team")).toEqual([3, 2, 1]);
    expect(await found("key=key-1")).toEqual([0]);
    expect(await found("account=bob")).toEqual([3, 1]);
    expect(await found("model=big")).toEqual([2]);
    expect(await found("route=/v1/messages")).toEqual([2]);
    expect(await found("status=502")).toEqual([1]);
    expect(await found("code=client_closed")).toEqual([3]);
    expect(await found("outcome=ok")).toEqual([2, 0]);
    expect(await found("outcome=failed")).toEqual([1]);
    expect(await found(`from=${MONDAY + 1}&to=${MONDAY + 3}`)).toEqual([2, 1]);
    expect(await found("key=team&account=alice&outcome=ok")).toEqual([2]);
  });

  test.each([
    ["/requests?colour=red", "unknown_parameter", "colour"],
    ["/requests?limit=201", "invalid_value", "limit"],
    ["/requests?limit=many", "invalid_type", "limit"],
    ["/requests?outcome=good", "invalid_value", "outcome"],
    ["/requests?from=yesterday", "invalid_value", "from"],
    ["/requests?cursor=abc", "invalid_value", "cursor"],
    ["/usage?by=week", "invalid_value", "by"],
    ["/usage?group=key,colour", "invalid_value", "group[1]"],
    ["/usage?page=2", "unknown_parameter", "page"],
    ["/events?kind=party", "invalid_value", "kind"],
    ["/events?since=1", "unknown_parameter", "since"],
  ])("%s is refused, and the answer names what is wrong", async (path, code, param) => {
    const gateway = await open(await record({}, engine));
    const response = await gateway.get(path);
    expect(response.status).toBe(400);
    expect(((await response.json()) as Body).error).toMatchObject({ code, param });
  });

  test("usage adds up by minute, hour and day, and by key, account and model", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording);
    const add = (given: Parameters<typeof requestRecord>[0]): void => recording.recorder.add(requestRecord(given));
    add({ at: MONDAY });
    add({ at: MONDAY + MINUTE_MS / 2, account: "bob", firstTokenMs: undefined, code: "site_failed", status: 502 });
    add({ at: MONDAY + MINUTE_MS, code: "client_closed", status: 499 });
    add({ at: MONDAY + DAY_MS, keyId: "key-2", keyName: "team", model: "big" });
    // Nobody asked the model.
    add({ at: MONDAY, method: "GET", route: "/v1/models", attempts: undefined });
    add({ at: MONDAY, route: "/v1/messages/count_tokens", attempts: undefined });
    const usage = async (query: string): Promise<unknown[]> => {
      const { data } = await gateway.list(`/usage?from=${MONDAY}&to=${MONDAY + 2 * DAY_MS}&${query}`);
      return data.map((row) => Object.values(row).filter((value) => value !== null));
    };
    // at, then what is told apart, then requests, failed, tokens (3), queue, duration, first token, first tokens
    expect(await usage("by=day")).toEqual([
      [MONDAY, 3, 1, 30, 60, 15, 300, 3_000, 800, 2],
      [MONDAY + DAY_MS, 1, 0, 10, 20, 5, 100, 1_000, 400, 1],
    ]);
    expect(await usage("by=minute&group=account")).toEqual([
      [MONDAY, "alice", 1, 0, 10, 20, 5, 100, 1_000, 400, 1],
      [MONDAY, "bob", 1, 1, 10, 20, 5, 100, 1_000, 0, 0],
      [MONDAY + MINUTE_MS, "alice", 1, 0, 10, 20, 5, 100, 1_000, 400, 1],
      [MONDAY + DAY_MS, "alice", 1, 0, 10, 20, 5, 100, 1_000, 400, 1],
    ]);
    expect(await usage("by=hour&group=model,key")).toEqual([
      [MONDAY, "key-1", "master", "gptomni", 3, 1, 30, 60, 15, 300, 3_000, 800, 2],
      [MONDAY + DAY_MS, "key-2", "team", "big", 1, 0, 10, 20, 5, 100, 1_000, 400, 1],
    ]);
    const wide = `/usage?by=minute&group=key,account,model&from=${MONDAY}&to=${MONDAY + 2 * DAY_MS}`;
    expect(await gateway.all(`${wide}&limit=1`)).toEqual((await gateway.list(wide)).data);
  });

  test("usage is exported as CSV that no spreadsheet takes for a formula", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording);
    recording.recorder.add(requestRecord({ at: MONDAY, account: '=HYPERLINK("x")', keyName: "a,b" }));
    const response = await gateway.get(`/usage?by=day&from=${MONDAY}&to=${MONDAY + 1}&group=key,account&format=csv`);
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect((await response.text()).split("\r\n")).toEqual([
      "at,keyId,key,account,model,requests,failed,promptTokens,completionTokens,reasoningTokens,queueMs,durationMs,firstTokenMs,firstTokens",
      `${MONDAY},key-1,"a,b","'=HYPERLINK(""x"")",,1,0,10,20,5,100,1000,400,1`,
      "",
    ]);
  });

  test("events are listed by account and kind, the newest first", async () => {
    const recording = await record({}, engine);
    const gateway = await open(recording);
    const nothing = { actor: null, before: null, after: null };
    for (const account of ["alice", "bob", "alice"])
      recording.recorder.event({ ...nothing, kind: "state", account, summary: `${account} is expired.` });
    recording.recorder.event({
      ...nothing,
      kind: "audit",
      account: null,
      actor: "admin key",
      summary: "key created: team",
      after: { name: "team" },
    });
    const { data } = await gateway.list("/events");
    expect(data.map(({ summary }) => summary)).toEqual([
      "key created: team",
      "alice is expired.",
      "bob is expired.",
      "alice is expired.",
    ]);
    expect(data[0]).toMatchObject({ kind: "audit", actor: "admin key", before: null, after: { name: "team" } });
    expect(idsOf((await gateway.list("/events?account=alice")).data)).toEqual([3, 1]);
    expect(idsOf((await gateway.list("/events?kind=state&limit=2")).data)).toEqual([3, 2]);
    expect(idsOf(await gateway.all("/events?limit=1"))).toEqual([4, 3, 2, 1]);
  });

  test("a key that is made through the API is in the audit log, without its secret", async () => {
    const recording = await record({}, engine);
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const { url } = await serve(says("Hello"), { records: recording.reader, audit: auditIn(recording.recorder, log) });
    const made = await fetch(`${url}/admin/api/keys`, {
      method: "POST",
      headers: { ...OPERATOR.headers, "content-type": "application/json" },
      body: JSON.stringify({ name: "team" }),
    });
    const { key } = (await made.json()) as { key: string };
    const events = await (await fetch(`${url}/admin/api/events?kind=audit`, OPERATOR)).text();
    expect(JSON.parse(events)).toMatchObject({
      data: [{ actor: "admin key", summary: "key created: team", before: null, after: { name: "team" } }],
    });
    expect(events).not.toContain(key);
  });
});
