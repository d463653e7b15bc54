import { expect, onTestFinished, test } from "vitest";
import type { OperatorChange } from "../../src/admin/audit.ts";
import { CombinedKeys, ConfiguredKeys } from "../../src/http/api-keys.ts";
import { keyFolder, operatorOf, type Answered } from "../support/key-store.ts";
import { KEY, says, serve } from "../support/scripted-gateway.ts";

/** A gateway with one key of the settings and room for stored ones. */
async function gateway() {
  const opened = await (await keyFolder()).open();
  onTestFinished(() => opened[Symbol.asyncDispose]());
  const { keys: storedKeys } = opened;
  const configuredKeys = new ConfiguredKeys([{ name: "master", value: KEY }]);
  const changes: OperatorChange[] = [];
  const { url, lines } = await serve(says("Hello"), {
    configuredKeys,
    storedKeys,
    apiKeys: new CombinedKeys([configuredKeys, storedKeys]),
    audit: (change) => void changes.push(change),
  });
  const statusFor = async (key: unknown): Promise<number> =>
    (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${String(key)}` } })).status;
  return { url, call: operatorOf(url), statusFor, changes, lines };
}

test("a key is made, shown once, and serves at once", async () => {
  const { call, statusFor } = await gateway();
  const limits = { requestsPerMinute: 5, parallel: 2 };
  const made = await call("POST", "/keys", { name: "Anna's laptop", limits, models: ["gptomni"] });
  const { key, ...row } = made.body;
  expect([made.status, await statusFor(key)]).toEqual([201, 200]);
  expect(row).toMatchObject({
    name: "Anna's laptop",
    source: "console",
    limits,
    hasOwnLimits: true,
    models: ["gptomni"],
  });
  expect(row["prefix"]).toBe(`${String(key).slice(0, 10)}…`);
  const shown = await call("GET", `/keys/${String(row["id"])}`);
  expect(shown.body).toMatchObject({ id: row["id"], expiresAt: null });
  expect(shown.body["lastUsedAt"]).toBeGreaterThanOrEqual(Number(row["createdAt"]));
  expect(JSON.stringify(shown.body)).not.toContain(String(key));
});

test("a changed key keeps its secret, a rotated one gets another, a revoked one is refused", async () => {
  const { call, statusFor } = await gateway();
  const { key: first, id } = (await call("POST", "/keys", { name: "anna" })).body;
  const path = `/keys/${String(id)}`;
  const changed = await call("PATCH", path, { name: "anna 2", limits: { parallel: 1 }, expiresAt: null });
  expect(changed.body).toMatchObject({ id, name: "anna 2", limits: { parallel: 1 } });
  expect(await statusFor(first)).toBe(200);
  const { key: second } = (await call("POST", `${path}/rotate`)).body;
  expect([await statusFor(first), await statusFor(second)]).toEqual([401, 200]);
  expect((await call("DELETE", path)).body).toMatchObject({ name: "anna 2" });
  expect(await statusFor(second)).toBe(401);
  for (const method of ["GET", "DELETE", "PATCH"]) {
    const again = await call(method, path, method === "PATCH" ? {} : undefined);
    expect([again.status, again.body.error.code]).toEqual([404, "key_not_found"]);
  }
});

test("each change is told with who, what, before and after, and without a secret", async () => {
  const { call, changes } = await gateway();
  const { key, id } = (await call("POST", "/keys", { name: "anna" })).body;
  await call("PATCH", `/keys/${String(id)}`, { name: "ben" });
  const { key: rotated } = (await call("POST", `/keys/${String(id)}/rotate`)).body;
  await call("DELETE", `/keys/${String(id)}`);
  expect(changes).toMatchObject([
    { actor: "admin key", kind: "key_created", subject: "anna", before: null, after: { name: "anna" } },
    { kind: "key_changed", subject: "ben", before: { name: "anna" }, after: { name: "ben" } },
    { kind: "key_rotated", subject: "ben" },
    { kind: "key_revoked", subject: "ben", before: { name: "ben" }, after: null },
  ]);
  for (const secret of [key, rotated]) expect(JSON.stringify(changes)).not.toContain(String(secret));
});

test("keys of the settings are listed, without any part of them, and cannot be changed", async () => {
  const { call } = await gateway();
  const [master] = (await call("GET", "/keys")).body.data;
  expect(master).toMatchObject({ name: "master", source: "settings", prefix: null, createdAt: null });
  expect(JSON.stringify(master)).not.toContain(KEY.slice(0, 8));
  for (const [method, path] of [
    ["DELETE", ""],
    ["POST", "/rotate"],
  ] as const) {
    const refused = await call(method, `/keys/${String(master?.["id"])}${path}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, "key_not_editable"]);
    expect(refused.body.error.message).toContain("API_MASTER_KEY");
  }
});

test("the list comes in pages, each key once", async () => {
  const { call } = await gateway();
  for (const name of ["e", "c", "a", "d", "b"]) await call("POST", "/keys", { name });
  const seen: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page: Answered = (await call("GET", `/keys?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`)).body;
    expect(page["object"]).toBe("list");
    seen.push(...page.data.map(({ name }) => name));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(["a", "b", "c", "d", "e", "master"]);
});

test.each([
  ["POST /keys", {}, "missing_required_parameter", "name"],
  ["POST /keys", { name: "" }, "invalid_value", "name"],
  ["POST /keys", { name: "a\u0007b" }, "invalid_value", "name"],
  ["POST /keys", { name: "anna", colour: "red" }, "unknown_parameter", "colour"],
  ["POST /keys", { name: "anna", limits: { perHour: 1 } }, "unknown_parameter", "limits.perHour"],
  ["POST /keys", { name: "anna", limits: { parallel: 0 } }, "invalid_value", "limits.parallel"],
  ["POST /keys", { name: "anna", models: "gptomni" }, "invalid_type", "models"],
  ["POST /keys", { name: "anna", expiresAt: 1 }, "invalid_value", "expiresAt"],
  ["GET /keys?colour=red", undefined, "unknown_parameter", "colour"],
  ["GET /keys?limit=1000", undefined, "invalid_value", "limit"],
  ["GET /keys?cursor=%2F", undefined, "invalid_value", "cursor"],
])("%s with %j names what is wrong", async (request, body, code, param) => {
  const { call } = await gateway();
  const [method = "", path = ""] = request.split(" ");
  const refused = await call(method, path, body);
  expect([refused.status, refused.body.error]).toMatchObject([400, { code, param }]);
});

test("a name is given to one key at a time", async () => {
  const { call } = await gateway();
  await call("POST", "/keys", { name: "anna" });
  const refused = await call("POST", "/keys", { name: "anna" });
  expect([refused.status, refused.body.error.code]).toEqual([409, "key_name_taken"]);
});

test("a caller's key makes and shows no keys", async () => {
  const { url, statusFor } = await gateway();
  const asCaller = operatorOf(url, { authorization: `Bearer ${KEY}` });
  for (const method of ["GET", "POST"]) expect((await asCaller(method, "/keys")).status).toBe(401);
  expect(await statusFor(KEY)).toBe(200);
});
