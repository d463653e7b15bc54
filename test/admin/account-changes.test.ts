import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openAccounts, type AccountsWorld } from "../support/accounts-world.ts";
import { limitFiles } from "../support/store-disk.ts";

const TOKEN = "__Secure-next-auth.session-token";
const WORK = `${TOKEN}=the-sign-in-of-work-0123456789`;
const FAMILY = `${TOKEN}=the-sign-in-of-family-0123456789`;

/** Every file in the folder as text. */
async function filesIn(folder: string): Promise<string> {
  const names = await readdir(folder);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), "latin1")))).join("\n");
}

async function add(world: AccountsWorld, id: string, credential: string): Promise<void> {
  expect((await world.ask("POST", "/accounts", { id, credential })).status).toBe(201);
}

test("an account that was added is there at once and after a restart, and its sign-in is nowhere in plain text", async () => {
  const world = await openAccounts();
  await world.configure([{ id: "spare", cookie: FAMILY }]);
  const proxy = "http://user:proxy-password-0123@proxy.example:3128";
  const { status, body } = await world.ask("POST", "/accounts", { id: "work", credential: WORK, proxy });
  expect([status, body]).toMatchObject([
    201,
    {
      id: "work",
      source: "console",
      site: "gptomni",
      proxy: "proxy.example:3128",
      pace: { count: 2, windowMs: 60_000, used: 0, nextAt: null },
      isEditable: true,
      recent: [],
      effect: "No answer of another account was touched.",
      notes: [],
    },
  ]);
  expect(await world.ids()).toEqual(["spare", "work"]);
  const seen = [JSON.stringify(body), ...world.logged, await filesIn(world.stateDir)].join("\n");
  expect(seen).not.toMatch(/the-sign-in-of-work|proxy-password/);
  await world.restart();
  expect(await world.ids()).toEqual(["work"]);
  expect((await world.ask("GET", "/accounts/work")).body).toMatchObject({
    source: "console",
    proxy: "proxy.example:3128",
  });
});

test("without an id, it is named after its sign-in", async () => {
  const world = await openAccounts();
  const { body } = await world.ask("POST", "/accounts", { credential: WORK });
  expect(body["id"]).toMatch(/^account-[0-9a-z]{8}$/);
});

test("another list of the settings or the file leaves it alone", async () => {
  const world = await openAccounts();
  await world.configure([{ id: "spare", cookie: FAMILY, source: "file" }]);
  await add(world, "work", WORK);
  await world.configure([]);
  expect(await world.ids()).toEqual(["work"]);
  await world.configure([{ id: "other", cookie: FAMILY }]);
  expect((await world.ids()).toSorted()).toEqual(["other", "work"]);
});

test("an account that the settings have too is theirs, and the console's again once they leave it out", async () => {
  const world = await openAccounts();
  await add(world, "work", WORK);
  await world.configure([{ id: "same-sign-in", cookie: WORK }]);
  expect(await world.ids()).toEqual(["same-sign-in"]);
  expect(world.logged.join("")).toContain("this account of the console is not used: GPTOMNI_CREDENTIALS has it too");
  await world.configure([]);
  expect(await world.ids()).toEqual(["work"]);
});

test.each([
  ["its id, in the settings", { id: "spare", credential: WORK }, "id", "in GPTOMNI_CREDENTIALS"],
  ["its id, in the console", { id: "family", credential: WORK }, "id", "in the console"],
  ["its sign-in", { id: "new", credential: `theme=dark; ${FAMILY}` }, "credential", "Account family, in the console"],
])("an account is refused if another one has %s", async (_what, body, param, where) => {
  const world = await openAccounts();
  await world.configure([{ id: "spare", cookie: `${TOKEN}=spare-0123456789` }]);
  await add(world, "family", FAMILY);
  const refused = await world.ask("POST", "/accounts", body);
  expect([refused.status, refused.body["error"]]).toMatchObject([409, { code: "account_exists", param }]);
  expect(refused.body.error.message).toContain(where);
  expect(await world.ids()).toEqual(["spare", "family"]);
});

describe("an account of the settings or the file", () => {
  test.each([
    ["settings", "GPTOMNI_CREDENTIALS"],
    ["file", "CREDENTIALS_FILE"],
  ] as const)("(%s) is changed there, and can be disabled here", async (source, place) => {
    const world = await openAccounts();
    await world.configure([{ id: "spare", cookie: FAMILY, source }]);
    expect((await world.ask("GET", "/accounts/spare")).body).toMatchObject({ source, isEditable: false });
    for (const [method, body] of [["PATCH", { id: "new" }] as const, ["DELETE", undefined] as const]) {
      const refused = await world.ask(method, "/accounts/spare", body);
      expect([refused.status, refused.body.error.code]).toEqual([409, "account_not_editable"]);
      expect(refused.body.error.message).toContain(place);
    }
    await expect
      .poll(async () => (await world.ask("POST", "/accounts/spare/disable")).body)
      .toMatchObject({ state: "disabled", effect: "No answer was running. The account gets no new request." });
    expect((await world.ask("POST", "/accounts/spare/enable")).body["state"]).not.toBe("disabled");
  });
});

test("an account of the console gets another name, sign-in and proxy, and keeps that over a restart", async () => {
  const world = await openAccounts();
  await add(world, "work", WORK);
  expect((await world.ask("PATCH", "/accounts/work", { id: "office" })).body).toMatchObject({ id: "office" });
  expect(await world.ids()).toEqual(["office"]);
  const proxied = await world.ask("PATCH", "/accounts/office", { proxy: "socks5://proxy.example" });
  expect(proxied.body).toMatchObject({
    proxy: "proxy.example:1080",
    effect: expect.stringContaining("No answer was running."),
  });
  expect((await world.ask("PATCH", "/accounts/office", { credential: FAMILY })).status).toBe(200);
  await world.restart();
  expect((await world.ask("GET", "/accounts/office")).body).toMatchObject({ proxy: "proxy.example:1080" });
  expect((await world.ask("PATCH", "/accounts/office", { proxy: null })).body["proxy"]).toBeNull();
  // The sign-in that it had before is free again.
  await add(world, "work", WORK);
});

test("a disabled account stays disabled with another sign-in", async () => {
  const world = await openAccounts();
  await add(world, "work", WORK);
  const disabled = async () => (await world.ask("POST", "/accounts/work/disable")).body["state"];
  await expect.poll(disabled).toBe("disabled");
  await world.ask("PATCH", "/accounts/work", { credential: FAMILY });
  await expect.poll(async () => (await world.ask("GET", "/accounts/work")).body["state"]).toBe("disabled");
});

test("a removed account is gone, with what was stored of it", async () => {
  const world = await openAccounts();
  await add(world, "work", WORK);
  await add(world, "family", FAMILY);
  expect((await world.ask("DELETE", "/accounts/work")).body).toEqual({
    id: "work",
    object: "account",
    deleted: true,
    effect: "No answer was running. The account is gone, and its stored sign-in with it.",
  });
  expect(await world.ids()).toEqual(["family"]);
  await world.restart();
  expect(await world.ids()).toEqual(["family"]);
  await world.stop();
  using sqlite = new DatabaseSync(join(world.stateDir, "gateway.sqlite"), { readOnly: true });
  expect(sqlite.prepare("SELECT id FROM account UNION SELECT id FROM console_account").all()).toEqual([
    { id: "family" },
  ]);
});

test("while the disk is full, nothing is changed, and that is told", async () => {
  const world = await openAccounts();
  await add(world, "work", WORK);
  limitFiles("1");
  onTestFinished(() => limitFiles("unlimited"));
  const tries: [string, string, object?][] = [
    ["POST", "/accounts", { id: "family", credential: FAMILY }],
    ["PATCH", "/accounts/work", { id: "office" }],
    ["DELETE", "/accounts/work"],
  ];
  for (const [method, path, body] of tries) {
    const { status, body: refused } = await world.ask(method, path, body);
    expect([status, refused.error.code]).toEqual([503, "state_not_stored"]);
  }
  expect(await world.ids()).toEqual(["work"]);
  limitFiles("unlimited");
  await add(world, "family", FAMILY);
  await world.restart();
  expect(await world.ids()).toEqual(["work", "family"]);
});

test("its history tells its last states, newest first", async () => {
  const world = await openAccounts();
  await add(world, "work", WORK);
  const states = async (): Promise<string[]> =>
    (await world.ask("GET", "/accounts/work")).body.history.map(({ after }) => after);
  await expect.poll(states).toContain("opening");
  await world.ask("POST", "/accounts/work/disable");
  await expect.poll(async () => (await states())[0]).toBe("disabled");
});

test.each([
  ["GET /accounts/nobody", undefined, 404, "account_not_found"],
  ["POST /accounts/nobody/disable", undefined, 404, "account_not_found"],
  ["POST /accounts/nobody/recycle", undefined, 404, "account_not_found"],
  ["PATCH /accounts/nobody", { id: "new" }, 404, "account_not_found"],
  ["DELETE /accounts/nobody", undefined, 404, "account_not_found"],
  ["POST /accounts", { id: "new", credential: WORK, password: "x" }, 400, "unknown_parameter"],
  ["POST /accounts", { id: "not an id", credential: WORK }, 400, "invalid_value"],
  ["POST /accounts", { id: "new" }, 400, "missing_required_parameter"],
  ["POST /accounts", { id: "new", credential: WORK, proxy: "ftp://secret@x" }, 400, "invalid_value"],
  ["POST /accounts", { id: "new", credential: WORK, site: "elsewhere" }, 400, "invalid_value"],
  ["PATCH /accounts/nobody", {}, 400, "missing_required_parameter"],
  ["GET /accounts?limit=0", undefined, 400, "invalid_value"],
  ["GET /accounts?colour=red", undefined, 400, "unknown_parameter"],
  ["PUT /accounts/nobody", undefined, 405, "method_not_allowed"],
])("%s is refused: %j", async (what, body, status, code) => {
  const world = await openAccounts();
  const [method = "", path = ""] = what.split(" ");
  const refused = await world.ask(method, path, body);
  expect([refused.status, refused.body.error.code]).toEqual([status, code]);
  expect(JSON.stringify(refused.body)).not.toContain("secret");
});

test("a list comes in pages if a limit is given", async () => {
  const world = await openAccounts();
  await world.configure(["a", "b", "c"].map((id) => ({ id, cookie: `${TOKEN}=${id}-0123456789` })));
  const first = (await world.ask("GET", "/accounts?limit=2")).body;
  expect([first.data.length, first.nextCursor]).toEqual([2, "b"]);
  const second = (await world.ask("GET", `/accounts?limit=2&cursor=${first.nextCursor}`)).body;
  expect([second.data.length, second.data[0]?.id, second.nextCursor]).toEqual([1, "c", null]);
});

test("an account may be of another site than the first, and what is stored of it keeps that", async () => {
  const world = await openAccounts();
  const cookies = { credential: "sid=a-sign-in; theme=dark" };
  const previews = [await world.ask("POST", "/accounts/preview", cookies)];
  previews.push(await world.ask("POST", "/accounts/preview", { ...cookies, site: "parrot" }));
  expect(previews.map(({ body }) => body["signIn"])).toEqual(["missing", "found"]);
  const added = await world.ask("POST", "/accounts", { ...cookies, id: "polly", site: "parrot" });
  expect([added.status, added.body]).toMatchObject([201, { site: "parrot", notes: [] }]);
  await world.restart();
  expect((await world.ask("GET", "/accounts/polly")).body).toMatchObject({ site: "parrot" });
  for (const path of ["/accounts", "/accounts/preview"]) {
    const refused = await world.ask("POST", path, { ...cookies, site: "elsewhere" });
    expect([refused.status, refused.body.error]).toMatchObject([400, { code: "invalid_value", param: "site" }]);
    expect(refused.body.error.message).toContain("gptomni, parrot");
  }
});
