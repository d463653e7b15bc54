import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ACCOUNT_STATES } from "../../src/pool/account-state.ts";
import { accountRow, adminParts } from "../support/admin-parts.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { KEY, says, serve } from "../support/scripted-gateway.ts";
import { openWorld, type World } from "../support/world.ts";
import { mainPidOf } from "../support/main-pid.ts";

const ROUTES = ["/metrics", "/admin/api/accounts"];
const ACCOUNT = accountRow({ state: "expired", reason: "a reason of its own" });
const OPERATOR = { headers: { authorization: `Bearer ${ADMIN_KEY}` } };

async function accountsOf(world: World): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${world.gateway.url}/admin/api/accounts`, OPERATOR);
  return ((await response.json()) as { data: Record<string, unknown>[] }).data;
}

/** The samples of the metric, by their labels. */
async function metric(world: World, name: string): Promise<Record<string, number>> {
  const page = await (await fetch(`${world.gateway.url}/metrics`, OPERATOR)).text();
  const samples = page.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, "gm"));
  return Object.fromEntries([...samples].map(([, labels = "", value]) => [labels, Number(value)]));
}

test("each account tells its state, why, since when, and when it is tried again", async () => {
  const startedAt = Date.now();
  await using world = await openWorld();
  world.simulator.signOut("alice");
  for (const word of ["one", "two"]) await world.ask(word);
  const states = async (): Promise<unknown[]> => (await accountsOf(world)).map(({ state }) => state);
  await expect.poll(states).toEqual(["expired", "ready"]);
  const [alice, bob] = await accountsOf(world);
  expect(alice).toMatchObject({ id: "alice", reason: "The site says that this account is signed out." });
  expect(alice?.["since"]).toBeGreaterThan(startedAt);
  expect(alice?.["nextTryAt"]).toBeGreaterThan(startedAt);
  expect(bob).toMatchObject({ id: "bob", state: "ready", reason: "waiting for a request", nextTryAt: null });
  expect(bob?.["expiresAt"]).toBeGreaterThan(Date.now() + 86_400_000);
  expect(Number.isInteger(bob?.["expiresAt"])).toBe(true);
});

test("the metrics count by the same names", async () => {
  await using world = await openWorld();
  world.simulator.signOut("alice");
  for (const word of ["one", "two"]) await world.ask(word);
  await world.client.models.retrieve("nobody").catch(() => {});
  const accounts = (): Promise<Record<string, number>> => metric(world, "gateway_accounts");
  await expect.poll(accounts).toMatchObject({ 'state="expired"': 1, 'state="ready"': 1 });
  const byState = await accounts();
  expect(Object.keys(byState)).toEqual(ACCOUNT_STATES.map((state) => `state="${state}"`));
  expect(Object.values(byState).reduce((sum, count) => sum + count)).toBe(2);
  // Now and then, it is looked whether alice is signed in again.
  const since = async () => Object.keys(await metric(world, "gateway_account_state_since_timestamp_seconds"));
  await expect.poll(since).toEqual(['account="alice",state="expired"', 'account="bob",state="ready"']);
  expect(await metric(world, "gateway_requests_total")).toMatchObject({
    'route="/v1/chat/completions",status="200",code="",key="master"': 2,
    'route="/v1/models/{id}",status="404",code="model_not_found",key="master"': 1,
  });
  for (const name of ["queued", "request_duration", "first_token"])
    expect(await metric(world, `gateway_${name}_seconds_count`)).toEqual({ 'route="/v1/chat/completions"': 2 });
  expect(await metric(world, "gateway_session_failures_total")).toMatchObject({ 'code="account_signed_out"': 1 });
  expect(await metric(world, "gateway_attempts_total")).toEqual({
    'outcome="ok"': 2,
    'outcome="account_signed_out"': expect.any(Number),
  });
  expect((await metric(world, "gateway_lease_seconds_count"))[""]).toBeGreaterThan(1);
  expect((await metric(world, "gateway_tokens_total"))['direction="out",key="master"']).toBeGreaterThan(1);
  const expiry = await metric(world, "gateway_credential_expiry_timestamp_seconds");
  expect(expiry['account="bob"']).toBeGreaterThan(Date.now() / 1000);
  expect((await metric(world, "gateway_browser_memory_bytes"))['browser="1"']).toBeGreaterThan(10_000_000);
  expect(await metric(world, "gateway_waiting_requests")).toEqual({ "": 0 });
  expect(await metric(world, "gateway_open_pages")).toEqual({ "": 1 });
  expect(await metric(world, "gateway_browser_starts_total")).toEqual({ "": 1 });
  process.kill((await mainPidOf(world.gateway.browsers.supervisors[0])) ?? 0, "SIGKILL");
  await expect.poll(() => metric(world, "gateway_browser_starts_total")).toEqual({ "": 2 });
});

test.each(ROUTES)("%s opens to the operator's key only", async (path) => {
  const { url } = await serve(says("Hello"));
  const statuses = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(url + path, { headers })).status;
  expect(await statuses({})).toBe(401);
  expect(await statuses({ authorization: `Bearer ${KEY}` })).toBe(401);
  expect(await statuses({ "x-api-key": KEY })).toBe(401);
  expect(await statuses({ authorization: `Bearer ${ADMIN_KEY}` })).toBe(200);
});

test("the operator's key opens nothing of the callers'", async () => {
  const { post } = await serve(says("Hello"));
  expect((await post({}, { authorization: `Bearer ${ADMIN_KEY}` })).status).toBe(401);
});

test.each([
  "//metrics",
  "/metrics/",
  "/METRICS",
  "/%6detrics",
  "/v1/metrics",
  "/metrics;x",
  "/livez/../metrics",
  "/livez/%2e%2e/metrics",
  "/docs/..%2fmetrics",
  "/metrics%00",
  "/admin",
  "/admin/api",
  "/admin/api/accounts/",
  "/admin//api/credentials",
  "/Admin/API/Credentials",
  "/admin/api/accounts.json",
  "/admin/api/accounts?key=1",
  "/admin/api/accounts/alice",
  "/admin/api;/accounts",
  "/admin%2fapi%2fcredentials",
  "/./admin/api/accounts",
])("no spelling opens it without the key: %s", async (path) => {
  const { port } = await serve(says("Hello"), adminParts([ACCOUNT]));
  const keys = [{}, { authorization: `Bearer ${KEY}` }];
  const tricks = [
    {},
    { "x-original-url": "/livez" },
    { "x-rewrite-url": "/livez" },
    { "x-http-method-override": "HEAD" },
  ];
  for (const headers of keys.flatMap((key) => tricks.map((trick) => ({ ...key, ...trick, host: "localhost." })))) {
    const [response] = (await once(get({ port, path, headers, agent: false }), "response")) as [IncomingMessage];
    expect([400, 401, 404]).toContain(response.statusCode);
    expect(await text(response)).not.toContain(ACCOUNT.reason);
  }
});
