import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { freshDatabase } from "../support/shared-postgres.ts";
import { accountsOf, Replica } from "./replica.ts";

const ACCOUNTS = accountsOf(6);
const ALL = ACCOUNTS.map(({ id }) => id);

/** A replica in a process of its own, which has all accounts. */
async function startProcess(databaseUrl: string) {
  const file = join(import.meta.dirname, "replica-process.ts");
  const child = spawn(process.execPath, [file, databaseUrl, String(ACCOUNTS.length)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const told: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => told.push(line));
  await expect.poll(() => told).toEqual([JSON.stringify({ ids: ALL })]);
  return {
    told,
    say: (line: string) => void child.stdin.write(`${line}\n`),
    signal: (name: NodeJS.Signals) => void child.kill(name),
    ended: once(child, "exit"),
  };
}

async function startOther(databaseUrl: string): Promise<Replica> {
  const replica = await Replica.open({ databaseUrl });
  onTestFinished(() => replica[Symbol.asyncDispose]());
  await replica.cluster.join();
  return replica;
}

test("the accounts of a process that is killed are used by another one", async () => {
  const databaseUrl = await freshDatabase();
  const owner = await startProcess(databaseUrl);
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
  const owner = await startProcess(databaseUrl);
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
