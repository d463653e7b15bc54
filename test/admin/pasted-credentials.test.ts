import { describe, expect, test } from "vitest";
import { openAccounts } from "../support/accounts-world.ts";

const NAME = "__Secure-next-auth.session-token";
const VALUE = "the-sign-in-0123456789abcdef";
const HOST = "chat.example.test";
const EXPORT = [{ name: NAME, value: VALUE, domain: HOST, path: "/", secure: true, expirationDate: 4_102_444_800 }];
const STATE = {
  cookies: [
    {
      name: NAME,
      value: VALUE,
      domain: HOST,
      path: "/",
      expires: 4_102_444_800,
      httpOnly: true,
      secure: true,
      sameSite: "Lax",
    },
  ],
  origins: [{ origin: `https://${HOST}`, localStorage: [{ name: "theme", value: "a-stored-secret" }] }],
};

const FORMS: readonly (readonly [form: string, credential: unknown])[] = [
  ["a cookie string", `${NAME}=${VALUE}; theme=dark`],
  ["a Cookie header", `Cookie: ${NAME}=${VALUE}`],
  ["a curl command", `curl 'https://${HOST}/zh' -H 'accept: */*' -H 'cookie: ${NAME}=${VALUE}'`],
  ["a cookies.txt", `# Netscape HTTP Cookie File\n${HOST}\tFALSE\t/\tTRUE\t4102444800\t${NAME}\t${VALUE}\n`],
  ["the developer tools' table", `${NAME}\t${VALUE}\t${HOST}\t/\t2099-12-31T00:00:00.000Z\n`],
  ["an extension's JSON as text", JSON.stringify(EXPORT)],
  ["an extension's JSON", EXPORT],
  ["a storage state as text", JSON.stringify(STATE)],
  ["a storage state", STATE],
  ["a quoted text", `'${NAME}=${VALUE}'`],
];

describe.each(FORMS)("%s", (_form, credential) => {
  test("is previewed without its values, and added", async () => {
    const world = await openAccounts();
    const preview = await world.ask("POST", "/accounts/preview", { credential });
    expect([preview.status, preview.body]).toMatchObject([200, { signIn: "found", notes: [] }]);
    expect(preview.body.cookies[0]).toMatchObject({ name: NAME, domain: HOST });
    expect(await world.ids()).toEqual([]);
    const added = await world.ask("POST", "/accounts", { id: "work", credential });
    expect([added.status, added.body["notes"]]).toEqual([201, []]);
    const seen = JSON.stringify([preview.body, added.body, world.logged]);
    expect(seen).not.toMatch(/the-sign-in|a-stored-secret/);
  });
});

test("the preview tells what is left out, what a storage state holds, and when the sign-in ends", async () => {
  const world = await openAccounts();
  const cookies = [
    ...STATE.cookies,
    { name: "cf_clearance", value: "another-browsers", domain: HOST, path: "/" },
    { name: "sid", value: "of-another-site", domain: "elsewhere.example", path: "/" },
  ];
  const { body } = await world.ask("POST", "/accounts/preview", { credential: { ...STATE, cookies } });
  expect(body).toEqual({
    signIn: "found",
    cookies: [{ name: NAME, domain: HOST, expiresAt: 4_102_444_800_000 }],
    leftOut: [
      { name: "cf_clearance", reason: expect.stringContaining("challenge") },
      { name: "sid", reason: `it belongs to another site than ${HOST}` },
    ],
    storage: [{ origin: `https://${HOST}`, count: 1 }],
    notes: [],
  });
});

test("cookies without a sign-in are taken, with a note that says where to find it", async () => {
  const world = await openAccounts();
  const { body } = await world.ask("POST", "/accounts/preview", { credential: "theme=dark" });
  expect([body["signIn"], body["notes"]]).toEqual(["missing", [expect.stringContaining("Network tab")]]);
});

test.each([
  ["", "found nothing"],
  ["<!doctype html><p>secret-0123456789", "a web page (HTML)"],
  ['[{"name":"a","value":"secret-0123456789"', "JSON that is not whole"],
  ['{"token":{"value":"secret-0123456789"}}', "JSON without cookies"],
  ['[{"id":"a","cookie":"secret-0123456789"},{"id":"b","cookie":"x=y"}]', "accounts are added one by one"],
  ["curl https://chat.example.test/ -H 'x: secret-0123456789'", "a curl command without a Cookie header"],
  ["secret-0123456789", "a single word without a name"],
  ["secret-0123456789 and\nother words", "a text of 2 lines without name=value"],
  [`${HOST}\tFALSE\t/\tTRUE\t1\t${NAME}\tsecret-0123456789`, "it ran out on 1970-01-01"],
  [
    "elsewhere.example\tFALSE\t/\tTRUE\t4102444800\tsid\tsecret-0123456789",
    "only cookies of other sites (elsewhere.example)",
  ],
])("%j is refused with what it is", async (credential, found) => {
  const world = await openAccounts();
  for (const path of ["/accounts", "/accounts/preview"]) {
    const { status, body } = await world.ask("POST", path, { credential });
    expect([status, body["error"]]).toMatchObject([400, { code: "invalid_value", param: "credential" }]);
    expect(body.error.message).toContain(found);
    expect(body.error.message).not.toContain("secret");
  }
  expect(await world.ids()).toEqual([]);
});

test("a credential of 1 MiB is read, and a longer one is refused", async () => {
  const world = await openAccounts();
  const filler = Array.from({ length: 300 }, (_, index) => `c${index}=${"x".repeat(3_000)}`).join("; ");
  expect((await world.ask("POST", "/accounts/preview", { credential: `${NAME}=${VALUE}; ${filler}` })).status).toBe(
    200,
  );
  const refused = await world.ask("POST", "/accounts", { credential: `${filler}; ${filler}` });
  expect([refused.status, refused.body.error.param]).toEqual([400, "credential"]);
});

test.each([
  ["quotes within quotes", '"'.repeat(1_000_000)],
  ["pairs without end", "a=b;".repeat(250_000)],
  ["brackets without end", "[".repeat(1_000_000)],
  ["curl's option without end", "curl -H 'cookie:".padEnd(1_000_000, ' -H ^"cookie:')],
])("%s, a MiB of them, get an answer", async (_what, credential) => {
  const world = await openAccounts();
  expect((await world.ask("POST", "/accounts/preview", { credential })).status).toBe(400);
});
