import { expect, onTestFinished, test } from "vitest";
import { PostgresServer } from "../support/postgres-server.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { accountsOf, Replica } from "./replica.ts";

const ACCOUNTS = accountsOf(6);
const ALL = ACCOUNTS.map(({ id }) => id);

/** A primary, its standby, an address that leads to the primary, and a replica that has all accounts. */
async function scene() {
  await using opened = new AsyncDisposableStack();
  const primary = opened.use(await PostgresServer.start());
  const atPrimary = await primary.createDatabase();
  const standby = opened.use(await PostgresServer.standbyOf(primary));
  const atStandby = Object.assign(new URL(atPrimary), { port: String(standby.port) }).href;
  const address = opened.use(await TcpLink.to(atPrimary));
  const databaseUrl = address.through(atPrimary);
  const replica = opened.use(await Replica.start({ databaseUrl }, ACCOUNTS));
  expect(replica.ids).toEqual(ALL);
  await expect
    .poll(() => standby.query("SELECT count(*)::int AS owned FROM account_owner", new URL(atPrimary).pathname.slice(1)))
    .toEqual([{ owned: ALL.length }]);
  const stack = opened.move();
  onTestFinished(() => stack.disposeAsync());
  return { primary, standby, address, atStandby, databaseUrl, replica };
}

test("a replica goes on with its accounts when the primary is lost and its standby is promoted", async () => {
  const { primary, standby, address, atStandby, replica } = await scene();
  await primary.stop("immediate");
  await expect.poll(() => replica.cluster.isFenced).toBe(true);
  address.lead(atStandby);
  await standby.query("SELECT pg_promote()");
  await expect.poll(() => replica.cluster.isFenced).toBe(false);
  await expect.poll(() => replica.ids).toEqual(ALL);
  const prompt = await replica.ask("account-3");
  expect(await replica.save(replica.account("account-3"))).toBe(true);
  prompt.finish();
});

test("a standby that is not promoted yet gets no accounts", async () => {
  const { primary, address, atStandby, databaseUrl, replica } = await scene();
  await primary.stop("immediate");
  address.lead(atStandby);
  await expect.poll(() => replica.cluster.isFenced).toBe(true);
  await expect.poll(() => replica.ids).toEqual([]);
  await expect(Replica.open({ databaseUrl })).rejects.toThrow(/standby|read-only/);
});

test("a replica leaves an old primary that still answers it, when the address leads to the new one", async () => {
  const { standby, address, atStandby, databaseUrl, replica } = await scene();
  await standby.query("SELECT pg_promote()");
  address.lead(atStandby);
  await using other = await Replica.start({ databaseUrl }, ACCOUNTS);
  await expect.poll(() => replica.logged.join()).toContain("leads to another server now");
  await expect.poll(() => [...replica.ids, ...other.ids].toSorted()).toEqual(ALL);
  await expect.poll(() => other.cluster.peers).toMatchObject([{ id: replica.cluster.replicaId, isLive: true }]);
});
