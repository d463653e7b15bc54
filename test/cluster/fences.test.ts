import { expect, onTestFinished, test } from "vitest";
import { PostgresServer } from "../support/postgres-server.ts";
import { freshDatabase } from "../support/shared-postgres.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { accountsOf, Replica } from "./replica.ts";

const ACCOUNTS = accountsOf(8);
const ALL = ACCOUNTS.map(({ id }) => id).toSorted();

async function start(databaseUrl: string): Promise<Replica> {
  const replica = await Replica.start({ databaseUrl }, ACCOUNTS);
  onTestFinished(() => replica[Symbol.asyncDispose]());
  return replica;
}

/** One that has all accounts, behind a link of its own, and one that waits for some. */
async function pair() {
  const databaseUrl = await freshDatabase();
  const link = await TcpLink.to(databaseUrl);
  onTestFinished(() => link[Symbol.asyncDispose]());
  const linked = await start(link.through(databaseUrl));
  const other = await start(databaseUrl);
  await expect.poll(() => [...linked.ids, ...other.ids].toSorted()).toEqual(ALL);
  await expect.poll(() => other.ids.length).toBeGreaterThan(0);
  await expect.poll(() => linked.ids.length).toBeGreaterThan(0);
  return { link, linked, other, databaseUrl };
}

const LOST: unknown = expect.objectContaining({ code: "ownership_lost" });

test("a replica whose link to the database stands still ends what runs, and the others take over", async () => {
  const { link, linked, other } = await pair();
  const [id = ""] = linked.ids;
  const account = linked.account(id);
  const prompt = await linked.ask(id);
  let wasFree = false;
  prompt.turn.signal.addEventListener("abort", () => (wasFree = !other.ids.includes(id)));
  link.stall();
  await expect.poll(() => linked.cluster.isFenced).toBe(true);
  expect(prompt.turn.signal.aborted).toBe(false);
  await expect(account.hold?.begin("while fenced", AbortSignal.timeout(60_000))).rejects.toEqual(LOST);
  await expect.poll(() => prompt.turn.signal.aborted).toBe(true);
  expect(wasFree).toBe(true);
  await expect.poll(() => other.ids).toEqual(ALL);
  expect(linked.ids).toEqual([]);
  link.resume();
  await expect.poll(() => linked.ids.length).toBeGreaterThan(0);
  expect(await linked.save(account)).toBe(false);
  expect(() => account.hold?.assertHeld()).toThrow(/another replica/);
});

test("a connection that breaks off and comes back costs no answer and no account", async () => {
  const databaseUrl = await freshDatabase();
  await using link = await TcpLink.to(databaseUrl);
  await using linked = await Replica.start({ databaseUrl: link.through(databaseUrl) }, ACCOUNTS);
  const [id = ""] = linked.ids;
  const { hold } = linked.account(id);
  const prompt = await linked.ask(id);
  link.cut();
  await expect.poll(() => linked.cluster.isFenced).toBe(true);
  const waiting = hold?.begin("meanwhile", AbortSignal.timeout(60_000));
  link.resume();
  const turn = await waiting;
  expect(turn?.signal.aborted).toBe(false);
  await expect.poll(() => linked.cluster.isFenced).toBe(false);
  expect(prompt.turn.signal.aborted).toBe(false);
  expect(linked.account(id).hold).toBe(hold);
  expect(linked.ids).toEqual(ALL);
});

test("accounts that were lost are not taken again before their newest sign-ins are stored", async () => {
  const databaseUrl = await freshDatabase();
  await using link = await TcpLink.to(databaseUrl);
  let [canStore, tries] = [false, 0];
  const flush = async (): Promise<boolean> => {
    tries += 1;
    return canStore;
  };
  await using linked = await Replica.start({ databaseUrl: link.through(databaseUrl), flush }, ACCOUNTS);
  expect([linked.ids, tries]).toEqual([ALL, 0]);
  link.cut();
  await expect.poll(() => linked.ids).toEqual([]);
  link.resume();
  await expect.poll(() => tries).toBeGreaterThan(2);
  expect([linked.cluster.isFenced, linked.ids]).toEqual([false, []]);
  canStore = true;
  await expect.poll(() => linked.ids).toEqual(ALL);
});

test("PostgreSQL may be restarted under answers that run", async () => {
  await using server = await PostgresServer.start();
  const databaseUrl = await server.createDatabase();
  await using replica = await Replica.start({ databaseUrl }, ACCOUNTS);
  const prompt = await replica.ask("account-1");
  await server.stop();
  await server.restart();
  await expect.poll(() => replica.cluster.isFenced).toBe(false);
  await expect.poll(() => replica.ids).toEqual(ALL);
  const next = await replica.ask("account-2");
  expect(next.turn.signal.aborted).toBe(false);
  prompt.finish();
});

test("while PostgreSQL stands still nothing is sent, and afterwards the accounts serve again", async () => {
  await using server = await PostgresServer.start();
  const databaseUrl = await server.createDatabase();
  await using one = await Replica.start({ databaseUrl }, ACCOUNTS);
  await using other = await Replica.start({ databaseUrl }, ACCOUNTS);
  await expect.poll(() => [...one.ids, ...other.ids].toSorted()).toEqual(ALL);
  await expect.poll(() => other.ids.length).toBeGreaterThan(0);
  const prompts = [await one.ask(one.ids[0] ?? ""), await other.ask(other.ids[0] ?? "")];
  await server.freeze();
  await expect.poll(() => prompts.map(({ turn }) => turn.signal.aborted)).toEqual([true, true]);
  expect([one.cluster.isFenced, other.cluster.isFenced]).toEqual([true, true]);
  await expect.poll(() => [...one.ids, ...other.ids]).toEqual([]);
  await server.thaw();
  await expect.poll(() => [...one.ids, ...other.ids].toSorted()).toEqual(ALL);
  await expect.poll(() => one.ids.length).toBeGreaterThan(0);
});

test("a replica whose session breaks before it has joined joins with another one", async () => {
  const databaseUrl = await freshDatabase();
  await using link = await TcpLink.to(databaseUrl);
  await using replica = await Replica.open({ databaseUrl: link.through(databaseUrl) });
  link.cut();
  link.resume();
  await replica.cluster.join();
  await replica.use(ACCOUNTS);
  await expect.poll(() => replica.ids).toEqual(ALL);
});
