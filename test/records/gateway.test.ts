import { expect, test } from "vitest";
import { ADMIN_KEY } from "../support/api-key.ts";
import { limitFiles } from "../support/store-disk.ts";
import { openWorld, type World } from "../support/world.ts";

type Row = Readonly<Record<string, unknown>>;

async function get(world: World, path: string): Promise<string> {
  return (await fetch(world.gateway.url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } })).text();
}

async function rows(world: World, path: string): Promise<readonly Row[]> {
  return (JSON.parse(await get(world, `/admin/api${path}`)) as { data: readonly Row[] }).data;
}

test("requests and an account's troubles are found after a restart, and a full disk costs none of them", async () => {
  await using world = await openWorld({ accounts: ["alice", "bob"] });
  await world.ask("one");
  limitFiles("1");
  try {
    await world.ask("two");
    const recording = (): Promise<string> => get(world, "/metrics");
    await expect.poll(recording).toContain("\ngateway_recording 0\n");
    expect(await get(world, "/readyz")).toContain("requests and events are not recorded");
    world.simulator.signOut("alice");
    world.simulator.signOut("bob");
    await expect(world.ask("three")).rejects.toMatchObject({ status: 503 });
  } finally {
    limitFiles("unlimited");
  }
  await world.restart();
  const requests = await rows(world, "/requests");
  expect(requests.map(({ status }) => status)).toEqual([503, 200, 200]);
  for (const request of requests.slice(1)) {
    const { queueMs, leaseMs, firstByteMs, streamMs, durationMs } = request as Record<string, number>;
    expect((queueMs ?? 0) + (leaseMs ?? 0) + (firstByteMs ?? 0) + (streamMs ?? 0)).toBeLessThanOrEqual(
      (durationMs ?? 0) + 5,
    );
  }
  expect(await rows(world, "/usage?by=day")).toMatchObject([{ requests: 3, failed: 1 }]);
  const events = await rows(world, "/events?kind=state");
  expect(new Set(events.map(({ account }) => account))).toEqual(new Set(["alice", "bob"]));
  for (const { after } of events) expect(after).toMatchObject({ state: "expired" });
  expect(await get(world, "/metrics")).toContain("\ngateway_recording 1\n");
  await world.gateway.setAccounts([]);
  expect(await rows(world, "/events?kind=audit")).toMatchObject([
    { actor: "settings", before: { accounts: ["alice", "bob"] }, after: { accounts: [] } },
  ]);
});
