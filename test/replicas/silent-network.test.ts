import { expect, onTestFinished, test } from "vitest";
import { accountsOf, Replica } from "../cluster/replica.ts";
import { startProcess } from "../cluster/started-process.ts";
import { PostgresServer } from "../support/postgres-server.ts";
import { FarMachine, LACKS_NAMESPACES } from "./far-machine.ts";

const ACCOUNTS = accountsOf(6);
const ALL = ACCOUNTS.map(({ id }) => id);

/** A replica on a machine of its own that has all accounts, and one beside the database that has none. */
async function pair() {
  await using opened = new AsyncDisposableStack();
  const machine = opened.use(await FarMachine.open());
  const server = opened.use(await PostgresServer.start());
  await server.listenAt(machine.here, machine.there);
  const databaseUrl = await server.createDatabase();
  const far = databaseUrl.replace("127.0.0.1", machine.here);
  const owner = await startProcess(far, ACCOUNTS.length, machine.prefix);
  const other = opened.use(await Replica.open({ databaseUrl }));
  await other.cluster.join();
  const stack = opened.move();
  onTestFinished(() => stack.disposeAsync());
  return { machine, server, owner, other };
}

/** The sessions of the server that a machine has. */
function sessionsOf(server: PostgresServer, address: string) {
  return server.query(`SELECT pid FROM pg_stat_activity WHERE client_addr = '${address}'`);
}

test.skipIf(LACKS_NAMESPACES)(
  "a replica whose packets are dropped ends its answers before another one uses its accounts",
  async () => {
    const { machine, server, owner, other } = await pair();
    owner.say("ask account-2");
    await expect.poll(() => owner.told).toContain('{"asked":"account-2"}');
    expect((await sessionsOf(server, machine.there)).length).toBeGreaterThan(0);
    await machine.cut();
    await other.use(ACCOUNTS);
    const orders: boolean[] = [];
    await expect
      .poll(() => {
        if (other.ids.includes("account-2")) orders.push(owner.told.includes('{"ended":"account-2"}'));
        return other.ids;
      })
      .toEqual(ALL);
    expect(orders[0]).toBe(true);
    // While it is cut off, it neither sends nor stores anything.
    owner.say("ask account-1");
    owner.say("save account-1");
    await expect.poll(() => owner.told).toContain('{"failed":"ownership_lost"}');
    expect(owner.told).not.toContain('{"asked":"account-1"}');
    await machine.mend();
    await expect
      .poll(() => owner.told.filter((line) => line.includes("isSaved") || line.includes("failed")).length)
      .toBe(2);
    expect(owner.told).not.toContain('{"isSaved":true}');
    owner.say("ask account-3");
    await expect
      .poll(() => owner.told.filter((line) => line === '{"failed":"ownership_lost"}').length)
      .toBeGreaterThan(1);
  },
);
