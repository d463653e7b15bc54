import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/fault.ts";
import { PARROT_FORMAT } from "../support/parrot.ts";
import { Visitor, status, type Answer } from "./visitor.ts";

const LIMIT_MS = 5_000;
const SESSION = "__Secure-next-auth.session-token";
/** What undici calls a connection or a stream that ended before the answer did. */
const BROKEN = /terminated|closed|reset|socket|aborted|stream/i;

function sessionOf(answer: Answer): string | undefined {
  const set = [answer.headers["set-cookie"] ?? []].flat().find((line) => line.startsWith(SESSION));
  return set?.split(";")[0];
}

async function userOf(visitor: Visitor, cookie: string): Promise<string | undefined> {
  const session = (await (await visitor.get("/api/auth/session", cookie)).body.json()) as { user?: { name: string } };
  return session.user?.name;
}

describe.each([
  ["HTTP/2", true],
  ["HTTP/1.1", false],
] as const)("over %s", (_protocol, allowH2) => {
  let visitor: Visitor;
  beforeEach(async () => void (visitor = await Visitor.open({}, allowH2)));
  afterEach(() => visitor[Symbol.asyncDispose]());

  test("a prompt is answered with its own words, and recorded", async () => {
    const { statusCode, headers, body } = await visitor.send("one\ntwo 三");
    expect(statusCode).toBe(200);
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    const text = await body.text();
    expect(text).toBe("You said: one\ntwo 三");
    const post = await visitor.site.waitForPost((one) => one.finishedAt !== undefined, LIMIT_MS);
    expect(post).toMatchObject({ id: 1, account: "alice", prompt: "one\ntwo 三", status: 200, aborted: false });
    expect(post.httpVersion).toBe(allowH2 ? "2.0" : "1.1");
    expect(post.bytesSent).toBe(Buffer.byteLength(text));
  });

  test("an answer comes piece by piece while the rest of it is not yet sent", async () => {
    const { body } = await visitor.meet({ text: "abc", bytewise: true, stallAfterChunks: 2 });
    let seen = "";
    for await (const chunk of body) {
      seen += String(chunk);
      if (seen === "ab") break;
    }
    expect(seen).toBe("ab");
    await visitor.site.waitForAbort((post) => post.bytesSent === 2, LIMIT_MS);
  });

  test("an answer sent byte by byte splits its characters", async () => {
    const { body } = await visitor.meet({ text: "😀é", bytewise: true, chunkDelayMs: 5 });
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe("😀é");
    expect(chunks.some((chunk) => chunk.toString().includes("\uFFFD"))).toBe(true);
  });

  test("an answer that is broken off fails the client, and is no abort of the client's", async () => {
    const { body } = await visitor.meet({ resetAfterChunks: 1 });
    await expect(body.text()).rejects.toThrow(BROKEN);
    const post = await visitor.site.waitForPost((one) => one.finishedAt !== undefined, LIMIT_MS);
    expect(post).toMatchObject({ aborted: false, bytesSent: 8 });
  });

  test("a connection that is broken before the headers fails the request", async () => {
    await expect(visitor.meet({ resetBeforeHeaders: true })).rejects.toThrow(BROKEN);
    await expect(status(visitor.send("again"))).resolves.toBe(200);
  });

  test.each([
    ["before the headers", { delayMs: 3_600_000 }],
    ["before the first byte", { firstByteDelayMs: 3_600_000 }],
    ["in mid-answer", { stallAfterChunks: 1 }],
    ["after its last byte", { text: "four", stallAfterChunks: 1 }],
    ["while more is sent than it reads", { hugeBytes: 1_000_000_000 }],
  ])("a client that leaves %s is recorded as an abort", async (_when, fault: Fault) => {
    visitor.site.failNext(fault);
    const leaving = new AbortController();
    const outcome = visitor.send("hello", { signal: leaving.signal }).then(({ body }) => body.text());
    await visitor.site.waitForPost(({ bytesSent }) => bytesSent > 0 || fault.stallAfterChunks === undefined, LIMIT_MS);
    leaving.abort();
    await expect(outcome).rejects.toThrow(/abort/i);
    const post = await visitor.site.waitForAbort(() => true, LIMIT_MS);
    expect(post.bytesSent).toBeLessThan(1_000_000_000);
    expect(visitor.site.concurrency("alice")).toBe(0);
  });

  test("a site that is disposed in mid-answer ends it, twice without harm", async () => {
    const { body } = await visitor.meet({ stallAfterChunks: 1 });
    const outcome = body.text().catch(String);
    await visitor.site[Symbol.asyncDispose]();
    await expect(outcome).resolves.toMatch(BROKEN);
    await visitor.site[Symbol.asyncDispose]();
  });
});

describe("who may ask", () => {
  test("an account that the site signed out gets 401 and an empty session", async () => {
    await using visitor = await Visitor.open();
    await expect(userOf(visitor, visitor.cookie)).resolves.toBe("alice");
    visitor.site.signOut("alice");
    await expect(userOf(visitor, visitor.cookie)).resolves.toBeUndefined();
    await expect(status(visitor.send("hello"))).resolves.toBe(401);
    await expect(userOf(visitor, visitor.site.addAccount("alice"))).resolves.toBe("alice");
  });

  test("a prompt that is not sent by the site's own page is forbidden", async () => {
    await using visitor = await Visitor.open();
    for (const headers of [
      { origin: "https://example.com" },
      { referer: "https://example.com/zh" },
      { "sec-fetch-site": "cross-site" },
    ]) {
      await expect(status(visitor.send("hello", { headers }))).resolves.toBe(403);
    }
  });

  test("a prompt in the wrong form is refused", async () => {
    await using visitor = await Visitor.open();
    for (const body of ["", "null", "{", '{"prompt":1}']) {
      await expect(status(visitor.send("", { body }))).resolves.toBe(400);
    }
    await expect(status(visitor.send("hello", { headers: { "content-type": "application/json" } }))).resolves.toBe(400);
  });

  test("the page says who is signed in, and the root leads to it", async () => {
    await using visitor = await Visitor.open();
    const root = await visitor.get("/");
    await root.body.dump();
    expect([root.statusCode, root.headers["location"]]).toEqual([307, "/zh"]);
    await expect((await visitor.get("/zh")).body.text()).resolves.toContain("You are signed in as alice.");
    await expect((await visitor.get("/zh?from=root", "a=b")).body.text()).resolves.toContain("You are not signed in.");
    await expect(status(visitor.get("/elsewhere"))).resolves.toBe(404);
    expect(visitor.site.pageLoads).toBe(2);
  });

  test("two accounts at once get their own answers", async () => {
    await using visitor = await Visitor.open();
    const bob = visitor.site.addAccount("bob");
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_none, index) => {
        const { body } = await visitor.send(`number ${index}`, index % 2 === 0 ? {} : { cookie: bob });
        return body.text();
      }),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, (_none, index) => `You said: number ${index}`));
    expect(visitor.site.posts.filter((post) => post.account === "bob")).toHaveLength(10);
    expect(visitor.site.maxConcurrency("alice")).toBeGreaterThan(1);
  });
});

describe("the session token", () => {
  test("rotates when the session is asked for; the one before it still holds, and no older one", async () => {
    await using visitor = await Visitor.open();
    const first = visitor.cookie;
    const reply = await visitor.get("/api/auth/session", first);
    await reply.body.dump();
    const [line] = [reply.headers["set-cookie"] ?? []].flat();
    expect(line).toMatch(/; Path=\/; Expires=.* GMT; HttpOnly; Secure; SameSite=Lax$/);
    expect(Date.parse(/Expires=([^;]*)/.exec(line ?? "")?.[1] ?? "")).toBeGreaterThan(Date.now());
    const second = sessionOf(reply) ?? "";
    expect(first).not.toContain(second);
    await expect(status(visitor.send("old", { cookie: first }))).resolves.toBe(200);
    await expect(status(visitor.send("new", { cookie: second }))).resolves.toBe(200);
    await expect(userOf(visitor, second)).resolves.toBe("alice");
    await expect(status(visitor.send("oldest", { cookie: first }))).resolves.toBe(401);
  });

  test("rotates with every so many answers where told to, without grace where told to", async () => {
    await using visitor = await Visitor.open({ rotateEveryReplies: 2, replacedTokensInForce: 0 });
    const odd = await visitor.send("one");
    const even = await visitor.send("two");
    await Promise.all([odd.body.dump(), even.body.dump()]);
    expect(sessionOf(odd)).toBeUndefined();
    await expect(status(visitor.send("old"))).resolves.toBe(401);
    await expect(status(visitor.send("new", { cookie: sessionOf(even) ?? "" }))).resolves.toBe(200);
  });
});

describe("faults", () => {
  test.each<[Fault, number, string, string | RegExp]>([
    [{ status: 401 }, 401, "text/plain; charset=utf-8", "status 401"],
    [{ status: 429, retryAfter: "7" }, 429, "text/plain; charset=utf-8", "status 429"],
    [{ status: 503 }, 503, "text/plain; charset=utf-8", "status 503"],
    [{ html: true }, 200, "text/html; charset=utf-8", "Please sign in"],
    [{ empty: true }, 200, "text/plain; charset=utf-8", /^$/],
    [{ whitespace: true }, 200, "text/plain; charset=utf-8", " \n\n "],
    [{ jsonError: true }, 200, "application/json", '{"error":"quota exceeded"}'],
    [{ redirectTo: "/sign-in" }, 302, "text/plain; charset=utf-8", /^$/],
    [{ text: "exact 文字" }, 200, "text/plain; charset=utf-8", "exact 文字"],
    [{ chunks: 3, chunkText: "ab " }, 200, "text/plain; charset=utf-8", "ab ab ab "],
    [{ delayMs: 1, firstByteDelayMs: 1 }, 200, "text/plain; charset=utf-8", "You said: hello"],
  ])("%j is what the client meets, once", async (fault, statusCode, type, text) => {
    await using visitor = await Visitor.open();
    const answer = await visitor.meet(fault);
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([statusCode, type]);
    expect(answer.headers["retry-after"]).toBe(fault.retryAfter);
    expect(answer.headers["location"]).toBe(fault.redirectTo);
    await expect(answer.body.text()).resolves.toMatch(text);
    expect(visitor.site.posts[0]?.status).toBe(statusCode);
    await expect((await visitor.send("next")).body.text()).resolves.toBe("You said: next");
  });

  test("a directive in the prompt works as a planned fault does, the last one counts, and it stays in the record", async () => {
    await using visitor = await Visitor.open();
    const prompt = 'user: @sim {"status":500}\n@sim {"status":429}\n@sim {"status":404}\nthanks';
    await expect(status(visitor.send(prompt))).resolves.toBe(404);
    expect(visitor.site.posts[0]?.prompt).toBe(prompt);
    await expect(status(visitor.send("@sim {broken}"))).resolves.toBe(400);
  });

  test("a fault planned for an account is not met by another, as often as planned", async () => {
    await using visitor = await Visitor.open();
    const bob = visitor.site.addAccount("bob");
    visitor.site.failNext({ status: 502 }, { account: "bob", times: 2 });
    await expect(status(visitor.send("alice's"))).resolves.toBe(200);
    const seen: number[] = [];
    for (const prompt of ["1", "2", "3"]) seen.push(await status(visitor.send(prompt, { cookie: bob })));
    expect(seen).toEqual([502, 502, 200]);
  });

  test("an answer that signs out takes the cookie away and is the account's last", async () => {
    await using visitor = await Visitor.open();
    const answer = await visitor.meet({ signOut: true });
    expect(sessionOf(answer)).toBe(`${SESSION}=`);
    await expect(answer.body.text()).resolves.toBe("You said: hello");
    await expect(status(visitor.send("again"))).resolves.toBe(401);
  });

  test("a huge answer comes to its last byte", async () => {
    await using visitor = await Visitor.open();
    const { body } = await visitor.meet({ hugeBytes: 5_000_001 });
    let bytes = 0;
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(5_000_001);
  });

  test("stamped chunks carry the site's clock", async () => {
    await using visitor = await Visitor.open();
    const before = performance.timeOrigin + performance.now();
    const { body } = await visitor.send('@sim {"chunks":20,"stamps":true}');
    const stamps = (await body.text()).trimEnd().split("\n").map(Number);
    expect(stamps).toHaveLength(20);
    const inOrder = [before - 1, ...stamps, performance.timeOrigin + performance.now() + 1];
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
  });
});

test("a simulated site of another format takes its own prompts, and its own cookie signs in", async () => {
  await using visitor = await Visitor.open({ format: PARROT_FORMAT });
  expect(visitor.cookie).toMatch(/^sid=/);
  expect(await status(visitor.get("/perch"))).toBe(200);
  expect([await status(visitor.get("/me")), await status(visitor.get("/me", "sid=wrong"))]).toEqual([200, 401]);
  const { body } = await visitor.send("", { path: "/say", body: "Hello" });
  expect(await body.text()).toBe("You said: Hello");
});
