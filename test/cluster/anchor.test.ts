import { expect, onTestFinished, test } from "vitest";
import { Anchor } from "../../src/cluster/anchor.ts";
import { firstStanding, openStanding } from "../../src/cluster/standing.ts";
import { freshDatabase } from "../support/shared-postgres.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { Pooler } from "./pooler.ts";

const place = "the test's database";

async function behindPooler(sessions: number): Promise<string> {
  const url = await freshDatabase();
  const pooler = await Pooler.before(url, { sessions });
  onTestFinished(() => pooler[Symbol.asyncDispose]());
  return pooler.through(url);
}

test("a pooler in transaction mode is refused by name", async () => {
  const url = await behindPooler(2);
  await expect(openStanding({ url, place })).rejects.toMatchObject({
    code: "store_pooled",
    message: expect.stringContaining("DATABASE_DIRECT_URL") as unknown,
  });
});

test("a pooler that keeps each client's session is let through", async () => {
  const url = await behindPooler(1);
  await using anchor = (await openStanding({ url, place })).anchor;
  expect(anchor.isPooled).toBe(true);
});

test("PostgreSQL itself is known to be no pooler", async () => {
  await using anchor = await Anchor.open({ url: await freshDatabase(), place });
  expect(anchor.isPooled).toBe(false);
});

test("the server lets go of a silent session after ten seconds", async () => {
  await using anchor = await Anchor.open({ url: await freshDatabase(), place });
  const settings = ["tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"];
  const shown = settings.map((name) => `current_setting('${name}') AS ${name}`);
  expect(await anchor.query(`SELECT ${shown.join(", ")}`)).toEqual([
    { tcp_keepalives_idle: "4", tcp_keepalives_interval: "2", tcp_keepalives_count: "3", tcp_user_timeout: "10000" },
  ]);
});

test("a database that cannot be reached is named without its password", async () => {
  const opening = Anchor.open({ url: "postgres://user:secret-word@127.0.0.1:1/none", place });
  await expect(opening).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(opening).rejects.not.toThrow("secret-word");
});

test("a database that answers late at the start is asked again", async () => {
  const databaseUrl = await freshDatabase();
  await using link = await TcpLink.to(databaseUrl);
  link.stall();
  const reasons: unknown[] = [];
  const opening = firstStanding(
    { url: link.through(databaseUrl), place },
    { warn: (about: object) => reasons.push(about) && link.resume() },
  );
  await using anchor = (await opening).anchor;
  expect(anchor.lost.aborted).toBe(false);
  expect(reasons).toEqual([{ reason: expect.stringContaining("did not answer") }]);
});
