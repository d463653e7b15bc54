import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { OperatorChange } from "../../src/admin/audit.ts";
import { OperatorAccess } from "../../src/http/operator.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { LiveViews, type Grant } from "../../src/live-view/live-views.ts";
import { serveLiveViews, ticketFrom } from "../../src/live-view/open-live-views.ts";
import { RelayedViewers } from "../../src/live-view/relayed-viewers.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { addressFor, LiveViewer, statusOf } from "../support/live-viewer.ts";
import { ScriptedSubject } from "../support/scripted-subject.ts";
import { openReplicas, type AdminReplica } from "./admin-replicas.ts";

const PICTURE = { jpeg: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]), width: 800, height: 600, at: 1_800_000_000_000 };

const answer = (_request: unknown, response: ServerResponse): void => void response.writeHead(404).end();

/** Three replicas, one of which has alice, and their live views. The console's sessions are valid on each. */
async function open() {
  const operator = new OperatorAccess(ADMIN_KEY);
  onTestFinished(() => operator[Symbol.dispose]());
  const shown = [1, 2, 3].map(() => {
    const subject = new ScriptedSubject();
    const audited: OperatorChange[] = [];
    const audit = (event: OperatorChange): void => void audited.push(event);
    const views = new LiveViews({ hasAccount: () => true, assertSite: () => {}, subjectOf: () => subject, audit });
    onTestFinished(() => views[Symbol.asyncDispose]());
    return { subject, audited, views, viewers: new RelayedViewers(views) };
  });
  const [first, second, third] = shown as [Shown, Shown, Shown];
  const { replicas, database } = await openReplicas(
    { accounts: ["alice"], viewers: first.viewers },
    { viewers: second.viewers },
    { viewers: third.viewers },
  );
  const [owner, issuer, door] = await Promise.all([
    listen(replicas[0], first, operator),
    listen(replicas[1], second, operator),
    listen(replicas[2], third, operator),
  ]);
  return { replicas, database, operator, owner, issuer, door };
}

function withCookie(secret: string) {
  return { headers: { cookie: `gateway_session=${secret}` } };
}

interface Shown {
  readonly subject: ScriptedSubject;
  readonly audited: OperatorChange[];
  readonly views: LiveViews;
  readonly viewers: RelayedViewers;
}

async function listen({ relay: elsewhere }: AdminReplica, shown: Shown, operator: OperatorAccess) {
  const upgrade = serveLiveViews(shown.views, { operator, allowedHosts: [], elsewhere });
  const server = createHttpServer(answer, new AbortController().signal, { upgrade }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tickets = ticketFrom(shown.views, elsewhere);
  const ticket = async (grant: Partial<Grant> = {}): Promise<string> =>
    (await tickets({ account: "alice", actor: "admin key", ...grant })).ticket;
  return { ...shown, url, ticket };
}

test("a live view opens through a replica that has neither the account nor issued the ticket", async () => {
  const { owner, issuer, door } = await open();
  const viewer = await LiveViewer.connect(addressFor(door.url, await issuer.ticket()));
  onTestFinished(() => viewer[Symbol.dispose]());
  await expect.poll(() => viewer.messages).toContainEqual({ type: "phase", phase: "open" });
  expect(owner.subject.isOpen).toBe(true);
  expect([issuer.subject.isOpen, door.subject.isOpen]).toEqual([false, false]);
  void owner.subject.events?.onPicture(1, PICTURE);
  await expect.poll(() => viewer.frames.map(({ width }) => width)).toEqual([800]);
  viewer.socket.send(JSON.stringify({ type: "leave" }));
  await expect.poll(() => viewer.closed).toBeDefined();
  // Who looked is kept once, by the replica that showed it.
  await expect.poll(() => owner.audited.map(({ kind }) => kind)).toEqual(["live_view_started", "live_view_ended"]);
  expect(owner.audited[0]).toMatchObject({ actor: "admin key", subject: "alice" });
  expect([...issuer.audited, ...door.audited]).toEqual([]);
});

test("a ticket opens one connection, wherever it is shown", async () => {
  const { owner, issuer, door } = await open();
  const used = await issuer.ticket();
  expect(await statusOf(addressFor(door.url, used))).toBe(101);
  for (const { url } of [door, issuer, owner]) expect(await statusOf(addressFor(url, used))).toBe(401);
  expect(await statusOf(addressFor(door.url, `replica-9.${"x".repeat(43)}`))).toBe(401);
});

test("a ticket of a console's session opens nothing without that session's cookie, at any replica", async () => {
  const { issuer, door, operator } = await open();
  const [one, other] = [await operator.sessions.start(), await operator.sessions.start()];
  const own = { actor: "console", session: one.session };
  expect(await statusOf(addressFor(door.url, await issuer.ticket(own)))).toBe(401);
  expect(await statusOf(addressFor(door.url, await issuer.ticket(own)), withCookie(other.secret))).toBe(401);
  expect(await statusOf(addressFor(door.url, await issuer.ticket(own)), withCookie(one.secret))).toBe(101);
});

test("a relayed view closes when the console's session ends", async () => {
  const { door, operator } = await open();
  const { session, secret } = await operator.sessions.start();
  const address = addressFor(door.url, await door.ticket({ actor: "console", session }));
  const viewer = await LiveViewer.connect(address, withCookie(secret));
  onTestFinished(() => viewer[Symbol.dispose]());
  await expect.poll(() => viewer.messages.length).toBeGreaterThan(0);
  await operator.sessions.end(session.id);
  await expect.poll(() => viewer.closed?.code).toBe(4401);
});

test("a relayed view closes when the replica that shows it dies", async () => {
  const { door, replicas } = await open();
  const viewer = await LiveViewer.connect(addressFor(door.url, await door.ticket()));
  onTestFinished(() => viewer[Symbol.dispose]());
  await replicas[0].internal[Symbol.asyncDispose]();
  await expect.poll(() => viewer.closed).toBeDefined();
});

test("there is no ticket for an account that no replica has, or that nobody knows", async () => {
  const { door, database } = await open();
  database.listed.push({ ...database.listed[0], id: "dora" } as never);
  await expect(door.ticket({ account: "dora" })).rejects.toMatchObject({ code: "replica_unavailable" });
  await expect(door.ticket({ account: "nobody" })).rejects.toMatchObject({ code: "account_not_found" });
});
