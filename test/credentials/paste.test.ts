import { describe, expect, test } from "vitest";
import { pasteNotes } from "../../src/credentials/paste-notes.ts";
import { toBrowserCookies } from "../../src/browser/cookies.ts";
import { hasSignIn, signInKey } from "../../src/credentials/account-identity.ts";
import { listAccounts } from "../../src/credentials/account-list.ts";
import { readPaste } from "../../src/credentials/paste.ts";
import { previewOf } from "../../src/credentials/pasted-credential.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { leastCpuMs } from "../support/event-loop.ts";

const site = gptomni(new URL("https://chat.example.test"));
const sites = new Sites([site]);
const TOKEN = "__Secure-next-auth.session-token";
const CSRF = "__Host-next-auth.csrf-token";
const value = "eyJhbGciOiJkaXIifQ..abc-DEF_123.x=y";
const header = `${TOKEN}=${value}; ${CSRF}=d%7Ce`;

function pairsOf(text: string): string[] {
  return (readPaste(text)?.cookies ?? []).map((cookie) => `${cookie.name}=${cookie.value}`).toSorted();
}

const exported = [
  { name: TOKEN, value, domain: ".chat.example.test", path: "/", secure: true, httpOnly: true, sameSite: "lax" },
  {
    name: CSRF,
    value: "d%7Ce",
    domain: "chat.example.test",
    hostOnly: true,
    path: "/",
    secure: true,
    sameSite: "no_restriction",
  },
];
const table = [
  "# Netscape HTTP Cookie File",
  "",
  `#HttpOnly_.chat.example.test\tTRUE\t/\tTRUE\t4102444800\t${TOKEN}\t${value}`,
  `chat.example.test\tFALSE\t/\tTRUE\t0\t${CSRF}\td%7Ce`,
].join("\n");
const block = `:authority: chat.example.test\n:method: GET\naccept: */*\ncookie: ${header}\nuser-agent: Mozilla/5.0 (X11)`;

describe("an account's cookies may be pasted as", () => {
  test.each([
    ["a Cookie header's value", header],
    ["one with its name", `Cookie: ${header}`],
    ["one with its name and no space", `Cookie:${header}`],
    ["one in lower case", `cookie: ${header}`],
    ["one that ends in a semicolon", `${header};`],
    ["one that a terminal wrapped", header.replace("; ", ";\r\n ")],
    ["one with what a copy brings along", `\ufeff\u200b${header}\u00a0\n`],
    ["two, as HTTP/2 may send it", `cookie: ${TOKEN}=${value}\ncookie: ${CSRF}=d%7Ce`],
    ["a block of request headers", block],
    ["a block with CRLF", block.replaceAll("\n", "\r\n")],
    ["lines of Set-Cookie", `Set-Cookie: ${TOKEN}=${value}; Path=/; HttpOnly\nset-cookie: ${CSRF}=d%7Ce; Secure`],
    ["curl's -H", `-H 'cookie: ${header}'`],
    ["curl's -H in double quotes", `-H "Cookie: ${header}"`],
    ["curl's -b", `-b '${header}'`],
    [
      "a curl command",
      `curl 'https://chat.example.test/' \\\n  -H 'accept: */*' \\\n  -H $'cookie: ${header}' \\\n  --compressed`,
    ],
    ["a curl command with -b", `curl 'https://chat.example.test/' -H 'accept: */*' -b '${header}' --compressed`],
    [
      "a curl command of Windows",
      `curl ^"https://chat.example.test/^" ^\n  -H ^"cookie: ${header.replaceAll("%", "^%")}^" ^\n --compressed`,
    ],
    ["a cookies.txt", table],
    ["one with CRLF", table.replaceAll("\n", "\r\n")],
    ["one whose tabs became spaces", table.replaceAll("\t", "    ")],
    [
      "rows of the developer tools' cookie table",
      exported.map((one) => [one.name, one.value, one.domain, "/", "Session", "99"].join("\t")).join("\n"),
    ],
    ["an export's JSON list", JSON.stringify(exported)],
    ["an indented one", JSON.stringify(exported, null, 4)],
    ["an export with its URL", JSON.stringify({ url: "https://chat.example.test", cookies: exported })],
    ["Playwright's storage state", JSON.stringify({ cookies: exported, origins: [] })],
    ["Firefox's request cookies", JSON.stringify({ "Request Cookies": { [TOKEN]: value, [CSRF]: "d%7Ce" } })],
    ["an object of names and values", JSON.stringify({ [TOKEN]: value, [CSRF]: "d%7Ce" })],
    ["a quoted header", `"${header}"`],
    ["a JSON string", JSON.stringify(header)],
    ["one in typographic quotes", `“${header}”`],
  ])("%s", (_name, text) => {
    expect(pairsOf(text)).toEqual([`${CSRF}=d%7Ce`, `${TOKEN}=${value}`]);
    expect(signInKey({ cookie: text }, sites)).toBe(`${TOKEN}=${value}`);
    // The same reader takes it as a setting, as an item of a list, and with an id.
    for (const list of [text, JSON.stringify([text]), JSON.stringify({ id: "work", cookie: text })]) {
      const { accounts, problem } = listAccounts(list);
      expect(problem).toBeUndefined();
      expect(accounts.map(({ cookie }) => signInKey({ cookie }, sites))).toEqual([`${TOKEN}=${value}`]);
    }
  });

  test.each([
    ["a list in quotes that an env file kept", `"${JSON.stringify([header]).replaceAll('"', '\\"')}"`],
    ["one whose inner quotes nobody escaped", `"["${header}"]"`],
    ["one in single quotes in double ones", `"'${JSON.stringify([header])}'"`],
    ["exports in a list", JSON.stringify([exported])],
    ["an export with an id", JSON.stringify([{ id: "work", cookies: exported }])],
    ["an export under cookie", JSON.stringify([{ id: 7, cookie: exported }])],
  ])("%s", (_name, text) => {
    const { accounts, problem } = listAccounts(text);
    expect(problem).toBeUndefined();
    expect(accounts.map(({ cookie }) => signInKey({ cookie }, sites))).toEqual([`${TOKEN}=${value}`]);
  });

  test.each([
    ["a value without a name", "canary-secret-without-a-name", "item 1"],
    ["a number", "[7]", "item 1 is not a Cookie header"],
    ["numbers", "[7, 8]", "none of items 1, 2 is a Cookie header"],
    ["prose over lines", "hello\nworld=1", "item 1"],
    ["half a JSON list", '["canary=1", "canary', "no whole JSON"],
    [
      "an id that no header carries",
      '[{"id":"工作","cookie":"canary=1"}]',
      "item 1 is not one with an id of ASCII letters",
    ],
    ["nothing but cookies that a browser refuses", `["canary(s)=1"]`, "its name has characters"],
  ])("nothing like %s", (_name, text, wanted) => {
    const { problem } = listAccounts(text);
    expect(problem).toContain(wanted);
    expect(problem).not.toContain("canary");
  });
});

describe("one bad cookie never costs the account, and is named", () => {
  test.each([
    ["too big", `analytics=${"x".repeat(4_200)}`, /^cookie analytics is left out: it has 4209 bytes/],
    ["with a control character", "broken=a\u0001b", /^cookie broken is left out: its value has control characters/],
    ["with a name that is none", '["canary=1', /^cookie \(unreadable name\) is left out: its name has characters/],
    ["with a space in its name", "my cookie=1", /^cookie \(unreadable name\) is left out/],
  ])("%s", (_name, bad, note) => {
    const paste = `${header}; ${bad}; theme=dark`;
    expect(pairsOf(paste)).toContain("theme=dark");
    expect(hasSignIn(readPaste(paste), site)).toBe(true);
    expect(pasteNotes(readPaste(paste), site)).toEqual([expect.stringMatching(note)]);
    expect(pasteNotes(readPaste(paste), site).join()).not.toContain("canary");
  });

  test("that ran out, in an export", () => {
    const paste = JSON.stringify([...exported, { name: "old", value: "1", expirationDate: 1_600_000_000 }]);
    expect(pasteNotes(readPaste(paste), site)).toEqual(["cookie old is left out: it ran out on 2020-09-13"]);
  });
});

test("a token that is too long for one cookie is split as next-auth splits it", () => {
  const long = "a".repeat(3_933) + "b".repeat(1_000);
  expect(pairsOf(`${TOKEN}=${long}`)).toEqual([`${TOKEN}.0=${"a".repeat(3_933)}`, `${TOKEN}.1=${"b".repeat(1_000)}`]);
  expect(pasteNotes(readPaste(`${TOKEN}=${long}`), site)).toEqual([]);
});

test("another browser's clearance is left out, whoever gave it", () => {
  const others = [
    "cf_clearance",
    "__cf_bm",
    "_cfuvid",
    "__ddg1_",
    "aws-waf-token",
    "datadome",
    "_abck",
    "_vcrcs",
    "_pxhd",
  ];
  const paste = `${others.map((name) => `${name}=stale`).join("; ")}; ${header}; cf_theme=dark`;
  expect(pairsOf(paste)).toEqual([`${CSRF}=d%7Ce`, `${TOKEN}=${value}`, "cf_theme=dark"]);
  expect(pasteNotes(readPaste(paste), site)).toEqual([]);
});

test("a nameless cookie is one, as Chromium sends it", () => {
  expect(pairsOf(`foo; ${header}`)).toContain("=foo");
});

test("of a name that comes twice the last one counts", () => {
  expect(pairsOf("a=1; b=2; a=3")).toEqual(["a=3", "b=2"]);
});

test("a paste without a sign-in is told at once, with what to do", () => {
  const [note = "", ...others] = pasteNotes(readPaste("theme=dark; lang=en"), site);
  expect(others).toEqual([]);
  expect(note).toContain("document.cookie never shows it");
  expect(note).toContain("Network tab");
});

test("an export of all sites gives this site its own cookies only", () => {
  const elsewhere = { name: TOKEN, value: "another-site", domain: ".example.org", path: "/" };
  const lookalike = { name: TOKEN, value: "look-alike", domain: "evilchat.example.test", path: "/" };
  const paste = JSON.stringify([elsewhere, lookalike, ...exported]);
  expect(signInKey({ cookie: paste }, sites)).toBe(`${TOKEN}=${value}`);
  const cookies = toBrowserCookies(readPaste(paste)?.cookies ?? [], site.origin);
  expect(cookies.map(({ domain }) => domain)).toEqual([".chat.example.test", "chat.example.test"]);
});

test("the preview of an export of a whole browser reads it once", async () => {
  const cookies = Array.from({ length: 3_900 }, (_, index) => ({ ...exported[0], name: `cookie_${index}` }));
  const text = JSON.stringify([...exported, ...cookies]);
  const readMs = await leastCpuMs(async () => void readPaste(text));
  expect(await leastCpuMs(async () => void previewOf(text, site))).toBeLessThan(2.5 * readMs + 5);
});
