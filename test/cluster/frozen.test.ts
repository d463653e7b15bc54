import { expect, onTestFinished, test } from "vitest";
import { freshDatabase } from "../support/shared-postgres.ts";
import { accountsOf, Replica } from "./replica.ts";
import { startProcess } from "./started-process.ts";

const ACCOUNTS = accountsOf(6);
const ALL = ACCOUNTS.map(({ id }) => id);

async function startOther(databaseUrl: string): Promise<Replica> {
  const replica = await Replica.open({ databaseUrl });
  onTestFinished(() => replica[Symbol.asyncDispose]());
  await replica.cluster.join();
  return replica;
}

test("the accounts of a process that is killed are used by another one", async () => {
  const databaseUrl = await freshDatabase();
  const owner = await startProcess(databaseUrl, ACCOUNTS.length);
  owner.say("ask account-2");
  await expect.poll(() => owner.told).toContain('{"asked":"account-2"}');
  owner.signal("SIGKILL");
  await owner.ended;
  const other = await startOther(databaseUrl);
  await other.use(ACCOUNTS);
  // Its last prompt may still reach the site.
  expect(other.ids).toEqual(ALL.filter((id) => id !== "account-2"));
  await expect.poll(() => other.ids).toEqual(ALL);
});

test("a process that stood still finds its accounts taken, and neither sends nor stores anything", async () => {
  const databaseUrl = await freshDatabase();
  const owner = await startProcess(databaseUrl, ACCOUNTS.length);
  owner.say("ask account-2");
  await expect.poll(() => owner.told).toContain('{"asked":"account-2"}');
  const other = await startOther(databaseUrl);
  owner.signal("SIGSTOP");
  await other.use(ACCOUNTS);
  await expect.poll(() => other.ids).toEqual(ALL);
  owner.say("save account-1");
  owner.say("ask account-1");
  owner.signal("SIGCONT");
  await expect.poll(() => owner.told).toContain('{"ended":"account-2"}');
  await expect.poll(() => owner.told).toContain('{"isSaved":false}');
  await expect.poll(() => owner.told).toContain('{"failed":"ownership_lost"}');
});
