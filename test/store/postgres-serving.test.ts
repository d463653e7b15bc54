import { expect, test } from "vitest";
import { ADMIN_KEY } from "../support/api-key.ts";
import { SECRET_KEY } from "../support/engines.ts";
import { LACKS_POSTGRES, PostgresServer } from "../support/postgres-server.ts";
import { freshDatabase } from "../support/shared-postgres.ts";
import { openWorld, type World } from "../support/world.ts";

async function ask(world: World, path: string): Promise<{ readonly data: readonly Record<string, unknown>[] }> {
  const response = await fetch(`${world.gateway.url}/admin/api${path}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  return (await response.json()) as { readonly data: readonly Record<string, unknown>[] };
}

test.skipIf(LACKS_POSTGRES)("a gateway on PostgreSQL goes on after a restart where it was", async () => {
  const settings = { DATABASE_URL: await freshDatabase(), SECRET_KEY };
  const simulator = { rotateEveryReplies: 1, replacedTokensInForce: 0 };
  await using world = await openWorld({ settings, simulator });
  for (const word of ["one", "two"]) await world.ask(word);
  world.simulator.signOut("bob");
  for (const word of ["three", "four"]) await world.ask(word);
  await expect.poll(() => stateOf(world, "bob")).toBe("expired");
  await world.restart();
  await expect.poll(() => stateOf(world, "bob")).toBe("expired");
  // Each of alice's tokens holds once: she goes on with the newest.
  expect(await world.ask("five")).toBe("You said: five");
  const { data } = await ask(world, "/requests");
  expect(data.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect((await ask(world, "/usage?by=day")).data).toMatchObject([{ requests: 5 }]);
});

test.skipIf(LACKS_POSTGRES)(
  "nothing is sent while the database is stopped, and all goes on when it is back",
  async () => {
    await using server = await PostgresServer.start();
    const settings = { DATABASE_URL: await server.createDatabase(), SECRET_KEY };
    const simulator = { rotateEveryReplies: 1, replacedTokensInForce: 0 };
    await using world = await openWorld({ accounts: ["alice"], settings, simulator, checkStateEveryMs: 100 });
    const readiness = async (): Promise<string> => await (await fetch(`${world.gateway.url}/readyz`)).text();
    await world.ask("one");
    await server.stop("immediate");
    // Another replica may have the account by now: only the database knows.
    await expect(world.ask("two")).rejects.toMatchObject({ status: 503 });
    await expect.poll(readiness).toMatch(/changes of the accounts are not stored: postgres:.*does not answer/);
    await server.restart();
    await expect.poll(() => world.ask("three").catch(() => "not yet")).toBe("You said: three");
    await expect.poll(readiness).not.toContain("not stored");
    await world.restart();
    await expect.poll(() => world.ask("four").catch(() => "not yet")).toBe("You said: four");
    expect(world.simulator.posts.map(({ prompt }) => prompt)).toEqual(["one", "three", "four"]);
    // What was asked while nothing could be stored is recorded too.
    const statuses = async () => new Set((await ask(world, "/requests")).data.map(({ status }) => status));
    await expect.poll(statuses).toEqual(new Set([200, 503]));
  },
);

function stateOf(world: World, id: string): string | undefined {
  return world.gateway.pool.states.find((account) => account.id === id)?.state;
}
