import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { occupy, question } from "../support/occupy.ts";
import { openWorld, type World } from "../support/world.ts";

const SECRET = "a-token-that-the-page-holds-0123456789abcdef";
/** A page that shows what must not be kept, and tries to mislead who reads it. */
const HOSTILE = `<!doctype html><title>The chat</title>
  <form name="title"><input name="firstChild" value="typed-by-a-person"><input name="attributes"></form>
  <textarea>also-typed-by-a-person</textarea><div contenteditable="true">typed-into-the-page</div>
  <a href="/somewhere?token=in-an-address">Visible words</a><p data-state="${SECRET}">${SECRET}</p>
  <script>/* code-of-the-page */ console.error("The page complains", "${SECRET}");
    document.querySelector = () => { throw new Error("no"); };</script>`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ accounts: ["alice"], simulator: { rotateEveryReplies: 1 } });
});
afterAll(() => world[Symbol.asyncDispose]());

/** The answers of the operator's routes, as far as these tests read them. */
interface Answer {
  readonly [field: string]: unknown;
  readonly data: readonly Answer[];
  readonly id: string;
  readonly state: string;
  readonly effect: string;
}

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${world.gateway.url}/admin/api${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return (await response.json()) as Answer;
}

async function stateOf(id: string): Promise<string | undefined> {
  return (await ask("GET", "/accounts")).data.find((row) => row.id === id)?.state;
}

async function add(id: string): Promise<void> {
  await ask("POST", "/accounts", { id, credential: `Cookie: ${world.simulator.addAccount(id)}` });
  await expect.poll(() => stateOf(id)).toBe("ready");
}

/** Asks, and tells which account answered, or why none did. */
async function answeredBy(prompt: string) {
  const response = await world.post("/v1/chat/completions", question(prompt));
  await response.text();
  const { headers, status } = response;
  return { account: headers.get("x-gateway-account"), status, requestId: headers.get("x-request-id") ?? "" };
}

test("disabling an account lets its answer go on, and it answers again once it is enabled", async () => {
  const release = await occupy(world);
  expect(await ask("POST", "/accounts/alice/disable")).toMatchObject({
    isAnswering: true,
    effect: "The answer that runs goes on to its end. The account gets no new request.",
  });
  expect(world.simulator.concurrency("alice")).toBe(1);
  expect((await answeredBy("nobody is left")).status).toBe(503);
  release();
  await expect.poll(() => stateOf("alice")).toBe("disabled");
  await ask("POST", "/accounts/alice/enable");
  await expect.poll(() => stateOf("alice")).toBe("ready");
  expect((await answeredBy("hello")).account).toBe("alice");
});

describe("an account that was added while the gateway runs", () => {
  test("answers at once, and after a restart with its renewed token", async () => {
    await add("bob");
    await ask("POST", "/accounts/alice/disable");
    await expect.poll(() => stateOf("alice")).toBe("disabled");
    expect((await answeredBy("hello")).account).toBe("bob");
    const row = (await ask("GET", "/accounts")).data.find(({ id }) => id === "bob");
    expect(row).toMatchObject({ source: "console", recent: [{ ok: true, code: null }] });
    await world.restart();
    // The pasted token is not valid any more: the site has replaced it twice.
    await expect.poll(() => stateOf("bob")).toBe("ready");
    expect((await answeredBy("and again")).account).toBe("bob");
  });

  test("gets another credential and another name, and answers with them", async () => {
    const credential = world.simulator.addAccount("robert");
    expect(await ask("PATCH", "/accounts/bob", { id: "rob", credential })).toMatchObject({ id: "rob", notes: [] });
    await expect.poll(() => stateOf("rob")).toBe("ready");
    expect(await stateOf("bob")).toBeUndefined();
    expect((await answeredBy("hello")).account).toBe("rob");
    expect(world.simulator.posts.at(-1)?.account).toBe("robert");
  });

  test("has its page opened anew", async () => {
    const loads = world.simulator.pageLoads;
    const { effect } = await ask("POST", "/accounts/rob/recycle");
    expect(effect).toBe("No answer was running. A new page takes the place of the old one.");
    await expect.poll(() => world.logged.join("")).toContain("page recycled");
    expect(world.simulator.pageLoads).toBe(loads + 1);
    expect((await answeredBy("hello")).account).toBe("rob");
  });

  test("has its sign-in checked", async () => {
    // An answer that runs would be proof enough.
    await expect.poll(() => stateOf("rob")).toBe("ready");
    const checks = world.simulator.signInChecks;
    await ask("POST", "/accounts/rob/check");
    await expect.poll(() => world.simulator.signInChecks).toBeGreaterThan(checks);
  });

  test("is removed after the answer that runs", async () => {
    const release = await occupy(world);
    const removal = await ask("DELETE", "/accounts/rob");
    expect(removal.effect).toBe(
      "The answer that runs goes on to its end; then the account is gone. It gets no new request.",
    );
    expect(await ask("GET", "/accounts/rob")).toMatchObject({ isLeaving: true, isAnswering: true });
    expect(world.simulator.concurrency("robert")).toBe(1);
    // Another change does not wait for that.
    await add("carol");
    release();
    await expect.poll(() => stateOf("rob")).toBeUndefined();
  });
});

describe("a request that failed in the browser", () => {
  let failed: Awaited<ReturnType<typeof answeredBy>>;
  async function fetchOf(path: string): Promise<Response> {
    const url = `${world.gateway.url}/admin/api/requests/${failed.requestId}/bundle${path}`;
    return fetch(url, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  }

  test("leaves what its page showed, with the account's states and what the time went to", async () => {
    world.simulator.pages.set("/zh", { body: HOSTILE });
    await add("dave");
    await ask("DELETE", "/accounts/carol");
    await expect.poll(() => stateOf("carol")).toBeUndefined();
    failed = await answeredBy('@sim {"jsonError":true}');
    expect(failed.status).toBe(502);
    await expect.poll(async () => (await fetchOf("")).status).toBe(200);
    expect(await (await fetchOf("")).json()).toMatchObject({
      requestId: failed.requestId,
      account: { id: "dave", state: "busy", reason: "answering" },
      error: { code: "site_failed", message: "The site answered with an error in place of text." },
      address: `${world.simulator.origin}/zh`,
      title: "The chat",
      timings: { attempt: 1, leaseMs: expect.any(Number) },
      states: expect.arrayContaining([expect.objectContaining({ before: "ready", after: "busy" })]),
      console: [{ type: "error", text: "The page complains [redacted]" }],
      missing: [],
      files: ["screenshot.jpg", "page.html"],
    });
    expect(await stateOf("dave")).toBe("ready");
  });

  test("leaves no token, nothing that was typed, and no code", async () => {
    const html = await (await fetchOf("/page.html")).text();
    expect(html).toContain("Visible words");
    expect(html).toContain('<a href="/somewhere">');
    expect(html).not.toMatch(/a-token-that|typed|in-an-address|code-of-the-page|querySelector/);
  });

  test("leaves files that no browser runs and nobody else reads", async () => {
    const [page, picture] = [await fetchOf("/page.html"), await fetchOf("/screenshot.jpg")];
    for (const { headers } of [page, picture]) {
      expect(headers.get("content-disposition")).toMatch(/^attachment; filename="req_[\da-f]{32}-/);
      expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
    expect(page.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(Buffer.from(await picture.arrayBuffer()).subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
    const folder = join(world.stateDir, "bundles", failed.requestId);
    for (const file of await readdir(folder)) expect((await stat(join(folder, file))).mode & 0o077).toBe(0);
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });

  test("tells a caller nothing of it", async () => {
    const url = `${world.gateway.url}/admin/api/requests/${failed.requestId}/bundle`;
    for (const path of ["", "/page.html", "/screenshot.jpg"]) {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${API_KEY}` } });
      expect(response.status).toBe(401);
    }
  });

  test.each([
    "/requests/req_0123/bundle",
    "/requests/..%2f..%2fgateway.sqlite/bundle",
    `/requests/req_${"0".repeat(32)}/bundle`,
  ])("is asked for by its id only: %s", async (path) => {
    expect(await ask("GET", path)).toMatchObject({ error: { code: "bundle_not_found" } });
  });

  test("shows the challenge that was not solved, although its page is closed", async () => {
    await world.restart({ CHALLENGE_TIMEOUT_SECONDS: "1" });
    await expect.poll(() => stateOf("dave")).toBe("ready");
    world.simulator.challengeAll({ isUnsolvable: true });
    failed = await answeredBy("hello");
    expect(failed.status).toBe(503);
    await expect.poll(async () => (await fetchOf("")).status).toBe(200);
    expect(await (await fetchOf("")).json()).toMatchObject({ error: { code: "site_challenged" }, missing: [] });
    expect(await (await fetchOf("/page.html")).text()).not.toContain("Visible words");
    world.simulator.challenge.drop();
    await ask("POST", "/accounts/dave/check");
    await expect.poll(() => stateOf("dave")).toBe("ready");
  });

  test("leaves nothing where FAILURE_BUNDLES is off", async () => {
    await world.restart({ FAILURE_BUNDLES: "off" });
    await expect.poll(() => stateOf("dave")).toBe("ready");
    failed = await answeredBy('@sim {"jsonError":true}');
    expect([failed.status, (await fetchOf("")).status]).toEqual([502, 404]);
    expect(await readdir(join(world.stateDir, "bundles"))).not.toContain(failed.requestId);
  });
});
