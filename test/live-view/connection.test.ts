import { once } from "node:events";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { createHttpServer } from "../../src/http/server.ts";
import type { OperatorChange } from "../../src/admin/audit.ts";
import { OperatorAccess } from "../../src/http/operator.ts";
import { LiveViews, type Grant, type LiveViewsParts } from "../../src/live-view/live-views.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { serveLiveViews } from "../../src/live-view/open-live-views.ts";
import { VIEWER_LIMITS } from "../../src/live-view/wire.ts";
import { ScriptedSubject } from "../support/scripted-subject.ts";
import { addressFor, LiveViewer, statusOf } from "../support/live-viewer.ts";

const PICTURE = { jpeg: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]), width: 800, height: 600, at: 1_800_000_000_000 };

const answer = (_request: unknown, response: ServerResponse): void => {
  response.writeHead(404).end("answered in HTTP");
};

/** A real server with live views of one account. */
async function serve(parts: Partial<LiveViewsParts> = {}) {
  const subject = new ScriptedSubject();
  const audited: OperatorChange[] = [];
  const operator = new OperatorAccess(ADMIN_KEY);
  const views = new LiveViews({
    hasAccount: (id) => id === "alice",
    assertSite: () => {},
    subjectOf: () => subject,
    audit: (event) => void audited.push(event),
    ...parts,
  });
  const upgrade = serveLiveViews(views, { operator, allowedHosts: ["gateway.lan"] });
  const server = createHttpServer(answer, new AbortController().signal, { upgrade }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    await views[Symbol.asyncDispose]();
    operator[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const address = (grant: Partial<Grant> = {}): string =>
    addressFor(url, views.ticketFor({ account: "alice", actor: "admin key", ...grant }).ticket);
  const connect = async (): Promise<LiveViewer> => {
    const viewer = await LiveViewer.connect(address());
    onTestFinished(() => viewer[Symbol.dispose]());
    return viewer;
  };
  return { url, views, subject, audited, operator, address, connect };
}

test("a ticket opens one connection", async () => {
  const { address } = await serve();
  const used = address();
  expect([await statusOf(used), await statusOf(used)]).toEqual([101, 401]);
});

test("an unknown ticket opens nothing, and neither does none", async () => {
  const { url } = await serve();
  expect(await statusOf(addressFor(url, "x".repeat(43)))).toBe(401);
  expect(await statusOf(addressFor(url, "").replace("?ticket=", ""))).toBe(401);
});

test("an old ticket opens nothing", async () => {
  const { address } = await serve({ ticketLifeMs: 0 });
  expect(await statusOf(address())).toBe(401);
});

function withCookie(secret: string) {
  return { headers: { cookie: `gateway_session=${secret}` } };
}

test("a ticket of a console's session opens nothing without that session's cookie", async () => {
  const { address, operator } = await serve();
  const [one, other] = [await operator.sessions.start(), await operator.sessions.start()];
  const own = { actor: "console", session: one.session };
  expect(await statusOf(address(own))).toBe(401);
  expect(await statusOf(address(own), withCookie(other.secret))).toBe(401);
  expect(await statusOf(address(own), withCookie(one.secret))).toBe(101);
});

test("a connection closes when the console's session ends", async () => {
  const { address, operator } = await serve();
  const { session, secret } = await operator.sessions.start();
  const viewer = await LiveViewer.connect(address({ actor: "console", session }), withCookie(secret));
  onTestFinished(() => viewer[Symbol.dispose]());
  await operator.sessions.end(session.id);
  await expect.poll(() => viewer.closed?.code).toBe(4401);
});

test("there is no ticket for an unknown account", async () => {
  const { views } = await serve();
  expect(() => views.ticketFor({ account: "mallory", actor: "admin key" })).toThrow(
    "There is no account with this id.",
  );
});

test.each(["https://evil.example", "null", "http://127.0.0.1:1"])(
  "a page of the origin %s opens nothing",
  async (origin) => {
    const { address } = await serve();
    expect(await statusOf(address(), { origin })).toBe(403);
  },
);

test("a page of the gateway opens it", async () => {
  const { address, url } = await serve();
  expect(await statusOf(address(), { origin: url })).toBe(101);
});

test("a page whose name was made to point here opens nothing", async () => {
  const { address } = await serve();
  const rebound = { headers: { host: "evil.example" }, origin: "http://evil.example" };
  expect(await statusOf(address(), rebound)).toBe(403);
  const allowed = { headers: { host: "gateway.lan" }, origin: "https://gateway.lan" };
  expect(await statusOf(address(), allowed)).toBe(101);
});

test("no other address becomes a WebSocket, and HTTP clients that offer another protocol are answered", async () => {
  const { url, address } = await serve();
  expect(await statusOf(address().replace("/live-view", "/accounts"))).toBe(404);
  // As Java's client asks each server: https://www.rfc-editor.org/rfc/rfc7540#section-3.2
  const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABk" };
  const [response] = (await once(request(url, { headers }).end(), "response")) as [IncomingMessage];
  expect(await text(response)).toBe("answered in HTTP");
});

test("the first viewer is in control, and the second watches until the first has left", async () => {
  const { connect } = await serve();
  const first = await connect();
  await first.until("phase", ({ phase }) => phase === "open");
  const second = await connect();
  expect([(await first.until("hello")).role, (await second.until("hello")).role]).toEqual(["controller", "watcher"]);
  second.click({ x: 1, y: 1 });
  await second.until("notice", ({ code }) => code === "not_in_control");
  second.send({ type: "control" });
  await second.until("notice", ({ code }) => code === "control_taken");
  first.send({ type: "leave" });
  await expect.poll(() => first.closed?.code).toBe(1000);
  second.send({ type: "control" });
  expect((await second.until("role")).role).toBe("controller");
});

test("a viewer gets the newest frame only, and the next one after it has drawn one", async () => {
  const { connect, subject, address } = await serve();
  const slow = await LiveViewer.connect(address(), { draws: false });
  const quick = await connect();
  await quick.until("phase", ({ phase }) => phase === "open");
  for (let count = 0; count < 5; count += 1) await subject.events?.onPicture(1, PICTURE);
  await quick.untilFrames(5);
  expect(quick.frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  expect(slow.frames.map(({ sequence }) => sequence)).toEqual([1]);
  slow.send({ type: "ack", sequence: 1 });
  await slow.untilFrames(2);
  expect(slow.frames[1]).toMatchObject({ sequence: 5, width: 800, height: 600, at: PICTURE.at, tab: 1 });
  slow[Symbol.dispose]();
});

test("a viewer who joins a page that stands still gets its last frame", async () => {
  const { connect, subject } = await serve();
  const first = await connect();
  await first.until("phase", ({ phase }) => phase === "open");
  await subject.events?.onPicture(1, PICTURE);
  const second = await connect();
  await second.untilFrames(1);
  expect(second.frames[0]).toMatchObject({ sequence: 1, at: PICTURE.at });
});

test.each([
  ["of an unknown kind", JSON.stringify({ type: "eval", text: "1" }), 4400],
  ["that is no JSON", "hello", 4400],
  ["that is binary", Buffer.from("{}"), 4400],
  ["that is too long", JSON.stringify({ type: "text", text: "x".repeat(VIEWER_LIMITS.messageBytes) }), 1009],
])("a message %s closes the connection", async (_kind, message, code) => {
  const { connect } = await serve();
  const viewer = await connect();
  viewer.socket.send(message);
  await expect.poll(() => viewer.closed?.code).toBe(code);
});

test("a flood of messages closes the connection", async () => {
  const { connect } = await serve();
  const viewer = await connect();
  for (let count = 0; count < 10 * VIEWER_LIMITS.messagesPerSecond; count += 1) viewer.send({ type: "blur" });
  await expect.poll(() => viewer.closed?.code).toBe(4429);
});

test("a dropped connection frees the account, and the record of changes has both ends", async () => {
  const { connect, subject, audited } = await serve({ limits: { maxMs: 60_000, graceMs: 1 } });
  const viewer = await connect();
  await viewer.until("phase", ({ phase }) => phase === "open");
  viewer.socket.terminate();
  await expect.poll(() => subject.isOpen).toBe(false);
  const change = { actor: "admin key", subject: "alice", before: null };
  const started = { ...change, kind: "live_view_started", after: null };
  const ended = { ...change, kind: "live_view_ended", after: { reason: "left", state: null } };
  await expect.poll(() => audited).toEqual([started, ended]);
});

test("a viewer who comes back in time finds the same view", async () => {
  const { connect, audited } = await serve();
  const viewer = await connect();
  await viewer.until("phase", ({ phase }) => phase === "open");
  viewer.socket.terminate();
  const again = await connect();
  await again.until("phase", ({ phase }) => phase === "open");
  expect(audited).toHaveLength(1);
});

test("a view ends when its time is over, whoever watches", async () => {
  const { connect, subject } = await serve({ limits: { maxMs: 50, graceMs: 60_000 } });
  const viewer = await connect();
  expect(await viewer.until("ended")).toMatchObject({ reason: "time_over", account: "alice" });
  await expect.poll(() => viewer.closed?.code).toBe(1000);
  expect(subject.isOpen).toBe(false);
});

test("the gateway's stop ends every view and takes no further viewer", async () => {
  const { connect, views, address } = await serve();
  const viewer = await connect();
  await viewer.until("phase", ({ phase }) => phase === "open");
  await views[Symbol.asyncDispose]();
  expect(await viewer.until("ended")).toMatchObject({ reason: "stopping" });
  expect(await statusOf(address())).toBe(401);
});
