import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { OperatorChange } from "../../src/admin/audit.ts";
import { ConsoleSessions, type ConsoleSessionLimits } from "../../src/http/console-sessions.ts";
import { OperatorAccess } from "../../src/http/operator.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { KEY, says, serve } from "../support/scripted-gateway.ts";

type Headers = Readonly<Record<string, string>>;
interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: { readonly csrfToken: string; readonly expiresAt: number; readonly error?: { readonly code: string } };
}

/** A gateway, and a browser that sends what it is told: fetch sends no Cookie, Host or Origin. */
async function signedOut(limits: Partial<ConsoleSessionLimits> = {}) {
  const changes: OperatorChange[] = [];
  const { port, lines } = await serve(says("Hello"), {
    operator: new OperatorAccess(ADMIN_KEY, limits),
    audit: (change) => void changes.push(change),
  });
  const origin = `http://127.0.0.1:${port}`;
  const ask = async (method: string, path: string, headers: Headers = {}, body?: unknown): Promise<Answer> => {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const sent = httpRequest({ port, host: "127.0.0.1", method, path, headers: { ...type, ...headers } });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, body: (await json(response)) as Answer["body"] };
  };
  const signIn = async (headers: Headers = {}, key = ADMIN_KEY) => {
    const answer = await ask("POST", "/admin/api/session", { origin, ...headers }, { key });
    const setCookie = answer.headers["set-cookie"]?.[0] ?? "";
    return { ...answer, setCookie, cookie: setCookie.split(";")[0] ?? "" };
  };
  const create = (headers: Headers) => ask("POST", "/admin/api/keys", headers, { name: "anna" });
  return { port, origin, ask, signIn, create, changes, lines };
}

describe("a sign-in", () => {
  test("gives a cookie that no script and no other site can use, and the token for changes", async () => {
    const { ask, signIn, origin, create, changes } = await signedOut();
    const { status, setCookie, cookie, body } = await signIn();
    expect(status).toBe(200);
    expect(setCookie).toMatch(/^gateway_session=[\w-]{43}; Path=\/admin; HttpOnly; SameSite=Strict$/);
    expect(JSON.stringify(body)).not.toContain(cookie.split("=")[1]);
    expect((await ask("GET", "/admin/api/keys", { cookie })).status).toBe(200);
    expect((await ask("GET", "/admin/api/session", { cookie })).body.csrfToken).toBe(body.csrfToken);
    await create({ cookie, origin, "x-csrf-token": body.csrfToken });
    expect(changes.map(({ actor, kind }) => [actor, kind])).toEqual([
      ["console", "signed_in"],
      ["console", "key_created"],
    ]);
  });

  test.each<[string, Headers]>([
    ["the page", { origin: "https://gateway.lan", "sec-fetch-site": "same-origin" }],
    ["the proxy", { "x-forwarded-proto": "https" }],
  ])("sends the cookie over TLS only where %s says that it came so", async (_who, headers) => {
    const { signIn } = await signedOut();
    expect((await signIn(headers)).setCookie).toMatch(/; Secure$/);
    expect((await signIn()).setCookie).not.toContain("Secure");
  });

  test("with another key is refused and braked, and the right key is not", async () => {
    const { signIn, changes } = await signedOut();
    const statuses: unknown[] = [];
    for (let count = 0; count < 22; count += 1) statuses.push((await signIn({}, `${KEY}${count}`)).status);
    expect(statuses).toEqual([...Array<number>(20).fill(401), 429, 429]);
    expect(changes).toEqual([]);
    expect((await signIn()).status).toBe(200);
  });

  test("makes another session each time, and ends the one that the browser had (session fixation)", async () => {
    const { ask, signIn } = await signedOut();
    const planted = await signIn();
    const own = await signIn({ cookie: planted.cookie });
    expect(own.cookie).not.toBe(planted.cookie);
    expect(own.body.csrfToken).not.toBe(planted.body.csrfToken);
    expect((await ask("GET", "/admin/api/session", { cookie: planted.cookie })).body.error?.code).toBe("session_ended");
    const chosen = await signIn({ cookie: "gateway_session=chosen-by-an-attacker" });
    expect(chosen.cookie).not.toContain("chosen-by-an-attacker");
    expect((await ask("GET", "/admin/api/keys", { cookie: "gateway_session=chosen-by-an-attacker" })).status).toBe(401);
  });

  test("is refused to another page, and does not count as a wrong key", async () => {
    const { signIn, create } = await signedOut();
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }] as Headers[]) {
      for (let count = 0; count < 12; count += 1) {
        expect((await signIn(headers, "sk-guess-0123456789")).body.error?.code).toBe("request_forged");
      }
    }
    expect((await create({ authorization: "Bearer sk-guess" })).status).toBe(401);
  });
});

describe("a change with the cookie", () => {
  test("needs the token, the session's own", async () => {
    const { signIn, create, origin } = await signedOut();
    const [one, other] = [await signIn(), await signIn()];
    const { cookie } = one;
    for (const token of [{}, { "x-csrf-token": "" }, { "x-csrf-token": other.body.csrfToken }] as Headers[]) {
      const refused = await create({ cookie, origin, ...token });
      expect([refused.status, refused.body.error?.code]).toEqual([403, "request_forged"]);
    }
    expect((await create({ cookie, origin, "x-csrf-token": one.body.csrfToken })).status).toBe(201);
  });

  test.each<[string, Headers, number]>([
    ["another site", { origin: "https://evil.example" }, 403],
    ["another port of this machine", { origin: "http://127.0.0.1:1" }, 403],
    ["a page without an origin", { origin: "null" }, 403],
    ["nobody knows where", {}, 403],
    ["a page that its browser calls cross-site", { "sec-fetch-site": "cross-site" }, 403],
    ["a page that its browser calls same-site", { "sec-fetch-site": "same-site" }, 403],
    ["a page that its browser calls its own", { "sec-fetch-site": "same-origin" }, 201],
  ])("from %s", async (_where, headers, status) => {
    const { signIn, create } = await signedOut();
    const { cookie, body } = await signIn();
    expect((await create({ cookie, "x-csrf-token": body.csrfToken, ...headers })).status).toBe(status);
  });

  test("is refused under another name (DNS rebinding)", async () => {
    const { signIn, create } = await signedOut();
    const { cookie, body } = await signIn();
    const host = "evil.example";
    const refused = await create({ cookie, host, origin: `http://${host}`, "x-csrf-token": body.csrfToken });
    expect([refused.status, refused.body.error?.code]).toEqual([403, "host_not_allowed"]);
  });
});

describe("the cookie", () => {
  test("reads nothing for another page", async () => {
    const { ask, signIn } = await signedOut();
    const { cookie } = await signIn();
    for (const site of ["cross-site", "same-site"]) {
      expect((await ask("GET", "/admin/api/keys", { cookie, "sec-fetch-site": site })).status).toBe(403);
    }
    expect((await ask("GET", "/admin/api/keys", { cookie, "sec-fetch-site": "none" })).status).toBe(200);
  });

  test("opens nothing of the callers', and not the metrics", async () => {
    const { ask, signIn, origin } = await signedOut();
    const { cookie, body } = await signIn();
    const headers = { cookie, origin, "x-csrf-token": body.csrfToken };
    for (const path of ["/v1/models", "/metrics"]) expect((await ask("GET", path, headers)).status).toBe(401);
    expect((await ask("POST", "/v1/chat/completions", headers, {})).status).toBe(401);
  });

  test("is not asked for where a key is shown, and does not help a caller's key", async () => {
    const { ask, signIn, create } = await signedOut();
    const { cookie } = await signIn();
    const operator = { authorization: `Bearer ${ADMIN_KEY}` };
    expect((await create({ cookie: "gateway_session=of-yesterday", ...operator })).status).toBe(201);
    expect((await ask("GET", "/admin/api/keys", { cookie, authorization: `Bearer ${KEY}` })).status).toBe(401);
  });

  test("is worth nothing after the sign-out, and is taken away", async () => {
    const { ask, signIn, origin } = await signedOut();
    const { cookie, body } = await signIn();
    const out = await ask("DELETE", "/admin/api/session", { cookie, origin, "x-csrf-token": body.csrfToken });
    expect(out.headers["set-cookie"]?.[0]).toContain("Max-Age=0");
    expect((await ask("GET", "/admin/api/keys", { cookie })).body.error?.code).toBe("session_ended");
  });

  test("and its token are in no log line", async () => {
    const { ask, signIn, lines } = await signedOut();
    const { cookie, body } = await signIn();
    await ask("GET", "/admin/api/keys", { cookie });
    await expect.poll(() => lines.at(-1)).toMatchObject({ route: "/admin/api/keys", key: "console" });
    for (const secret of [cookie.split("=")[1], body.csrfToken]) expect(JSON.stringify(lines)).not.toContain(secret);
  });
});

describe("a session", () => {
  test("ends when nothing is asked for a while", async () => {
    const { ask, signIn } = await signedOut({ idleMs: 50 });
    const { cookie } = await signIn();
    const status = async (): Promise<number | undefined> => (await ask("GET", "/admin/api/keys", { cookie })).status;
    // A question prolongs it, so they come more seldom than it ends.
    await expect.poll(status, { interval: 200, timeout: 10_000 }).toBe(401);
  });

  test("ends after its lifetime, however much is asked", async () => {
    const { ask, signIn } = await signedOut({ lifetimeMs: 300 });
    const { cookie } = await signIn();
    await expect.poll(async () => (await ask("GET", "/admin/api/keys", { cookie })).status).toBe(401);
  });

  test("tells what was opened under it that it has ended", async () => {
    const sessions = new ConsoleSessions({ lifetimeMs: 50 });
    const { session } = await sessions.start();
    await expect.poll(() => session.ended.aborted).toBe(true);
    const { session: other, secret } = await sessions.start();
    await sessions.end(other.id);
    expect([other.ended.aborted, await sessions.find(secret)]).toEqual([true, undefined]);
  });

  test("makes room for a new one where there are too many: the one that was idle for longest ends", async () => {
    const { ask, signIn } = await signedOut({ maxSessions: 2 });
    const first = await signIn();
    const second = await signIn();
    const statusOf = async (cookie: string) => (await ask("GET", "/admin/api/session", { cookie })).status;
    expect(await statusOf(first.cookie)).toBe(200);
    const third = await signIn();
    expect(await Promise.all([first, second, third].map(({ cookie }) => statusOf(cookie)))).toEqual([200, 401, 200]);
  });
});
