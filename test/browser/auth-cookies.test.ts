import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AuthCookies } from "../../src/browser/auth-cookies.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { startChromium } from "../support/plain-chromium.ts";

const TOKEN = "__Secure-next-auth.session-token";
const PASTE = `${TOKEN}=pasted; theme=dark`;

let browser: Browser;
/** What the site sets with its next answers, and the Cookie headers that it got. */
let sets: string[] = [];
let got: string[] = [];
let origin: URL;
const server = createServer((request, response: ServerResponse) => {
  got.push(request.headers.cookie ?? "");
  response.setHeader("set-cookie", sets);
  response.setHeader("content-type", "text/html").end("<title>site</title>");
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // Chromium takes it for secure, as the `__Secure-` prefix demands.
  origin = new URL(`http://chat.localhost:${(server.address() as AddressInfo).port}`);
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  server.close();
});
beforeEach(() => {
  sets = [];
  got = [];
});

interface Entered {
  readonly context: BrowserContext;
  readonly page: Page;
}

async function enter(signIn: AuthCookies): Promise<Entered> {
  const context = await browser.newContext();
  await signIn.applyTo(context);
  const page = await context.newPage();
  await page.goto(origin.href);
  return { context, page };
}

function signInFrom(paste: string, stored?: AuthCookies["cookies"]): AuthCookies {
  return new AuthCookies(gptomni(origin), paste, stored);
}

function valuesOf(signIn: AuthCookies, name: string): string[] {
  return signIn.cookies.filter((cookie) => cookie.name === name).map(({ value }) => value);
}

/** The values that the site gets for one cookie name with the next request. */
async function sent(page: Page, name: string): Promise<string[]> {
  got = [];
  await page.evaluate(async () => (await fetch("/", { cache: "no-store" })).text());
  const pairs = (got[0] ?? "").split("; ").map((pair) => pair.split("=") as [string, string]);
  return pairs.filter(([key]) => key === name).map(([, value]) => value);
}

test.each([
  ["for the whole domain", "Domain=chat.localhost; Path=/"],
  ["for one path", "Path=/zh"],
  ["partitioned", "Path=/; Partitioned; SameSite=None"],
  ["in the same place", "Path=/"],
])("a token that the site sets %s replaces the pasted one, and is in use after a restart", async (_name, scope) => {
  const signIn = signInFrom(PASTE);
  const { context, page } = await enter(signIn);
  await signIn.captureFrom(context);
  sets = [`${TOKEN}=fresh; Secure; HttpOnly; ${scope}`];
  await page.evaluate(async () => (await fetch("/", { cache: "no-store" })).text());
  sets = [];
  await signIn.captureFrom(context);
  expect(valuesOf(signIn, TOKEN)).toEqual(["fresh"]);
  expect(await sent(page, TOKEN)).toEqual(scope.includes("/zh") ? [] : ["fresh"]);
  await context.close();
  const restarted = await enter(signInFrom(PASTE, signIn.cookies));
  expect(await sent(restarted.page, TOKEN)).toEqual(scope.includes("/zh") ? [] : ["fresh"]);
  await restarted.context.close();
});

test("a cookie that a challenge page sets replaces the pasted one before the next page is requested", async () => {
  const signIn = signInFrom(`${PASTE}; clearance_of_tomorrow=stale`);
  const { context, page } = await enter(signIn);
  sets = ["clearance_of_tomorrow=fresh; Domain=chat.localhost; Path=/"];
  await page.reload();
  sets = [];
  await expect.poll(() => sent(page, "clearance_of_tomorrow")).toEqual(["fresh"]);
  await context.close();
});

test("a page's script cannot overwrite, shadow or push out the stored token", async () => {
  const signIn = signInFrom(PASTE);
  const { context, page } = await enter(signIn);
  await signIn.captureFrom(context);
  await page.evaluate((name) => {
    for (const path of ["/zh", "/", "/api"]) document.cookie = `${name}=forged; Secure; Path=${path}`;
    document.cookie = `${name}=forged; Secure; Domain=chat.localhost`;
    document.cookie = `${name}.0=forged; Secure`;
  }, TOKEN);
  await signIn.captureFrom(context);
  expect(valuesOf(signIn, TOKEN)).toEqual(["pasted"]);
  expect(valuesOf(signIn, `${TOKEN}.0`)).toEqual([]);
  expect(await sent(page, TOKEN)).toEqual(["pasted"]);
  await page.evaluate(() => {
    for (let at = 0; at < 400; at += 1) document.cookie = `junk${at}=${"x".repeat(500)}; Secure`;
  });
  // Either the browser pushed the token out and the context is given up, or the cookies are cut to what may be stored.
  await signIn.captureFrom(context).catch(() => {});
  await context.close();
  const restarted = await enter(signInFrom(PASTE, signIn.cookies));
  expect(await sent(restarted.page, TOKEN)).toEqual(["pasted"]);
  expect(signIn.cookies.length).toBeLessThanOrEqual(64);
  await restarted.context.close();
});

test("cookies of other sites are not stored", async () => {
  const signIn = signInFrom(PASTE);
  const { context } = await enter(signIn);
  await context.addCookies([
    { name: "elsewhere", value: "1", domain: "other.localhost", path: "/" },
    { name: "lookalike", value: "1", domain: "evilchat.localhost", path: "/" },
  ]);
  await signIn.captureFrom(context);
  expect(signIn.cookies.map(({ name }) => name).toSorted()).toEqual([TOKEN, "theme"]);
  await context.close();
});

test("a cookie that the browser refuses is left out and named; the others are set", async () => {
  const stored = [
    ...signInFrom(PASTE).cookies,
    { name: "__Host-broken", value: "1", domain: ".chat.localhost", path: "/" },
  ];
  const refused: string[] = [];
  const signIn = signInFrom(PASTE, stored);
  signIn.onRefused = (name) => refused.push(name);
  const { context, page } = await enter(signIn);
  expect(refused).toEqual(["__Host-broken"]);
  expect(await sent(page, TOKEN)).toEqual(["pasted"]);
  await context.close();
});

test("after a sign-out, each other known set of cookies is tried once, in a new context", async () => {
  const stored = signInFrom(`${TOKEN}=stored`).cookies;
  const signIn = signInFrom(PASTE, stored);
  const changes: string[][] = [];
  signIn.onChange = () => changes.push(signIn.tokens);
  const first = await enter(signIn);
  expect(await sent(first.page, TOKEN)).toEqual(["stored"]);
  expect(signIn.tryNext()).toBe(true);
  await expect(signIn.captureFrom(first.context)).rejects.toMatchObject({ code: "session_lost" });
  const second = await enter(signIn);
  expect(await sent(second.page, TOKEN)).toEqual(["pasted"]);
  await signIn.captureFrom(second.context);
  // The site confirmed nothing yet, so a restart begins with the stored cookies.
  expect([signIn.tokens, changes]).toEqual([["stored"], []]);
  expect(signIn.tryNext()).toBe(false);
  const third = await enter(signIn);
  expect(await sent(third.page, TOKEN)).toEqual(["stored"]);
  expect(signIn.tryNext()).toBe(false);
  await expect(signIn.captureFrom(third.context)).resolves.toBeUndefined();
  signIn.confirm();
  expect(signIn.tryNext()).toBe(true);
  await enter(signIn);
  signIn.confirm();
  expect([signIn.tokens, changes]).toEqual([["pasted"], [["pasted"]]]);
  for (const context of browser.contexts()) await context.close();
});

test("the localStorage of a pasted storage state is set, at its own origin only", async () => {
  const paste = JSON.stringify({
    cookies: [{ name: TOKEN, value: "pasted", domain: "chat.localhost", path: "/", secure: true, httpOnly: true }],
    origins: [
      { origin: origin.origin, localStorage: [{ name: "device", value: "known" }] },
      { origin: "https://elsewhere.example", localStorage: [{ name: "device", value: "other" }] },
    ],
  });
  const { context, page } = await enter(signInFrom(paste));
  expect(await page.evaluate(() => localStorage.getItem("device"))).toBe("known");
  expect(await sent(page, TOKEN)).toEqual(["pasted"]);
  expect(context.pages()).toHaveLength(1);
  await context.close();
});
