import { expect, test } from "vitest";
import { ADMIN_KEY } from "../support/api-key.ts";
import { SECRET_KEY } from "../support/engines.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";
import { freshDatabase } from "../support/shared-postgres.ts";
import { openWorld } from "../support/world.ts";

test.skipIf(LACKS_POSTGRES)(
  "a gateway without pages starts no browser and answers by another one's accounts",
  async () => {
    const settings = { DATABASE_URL: await freshDatabase(), SECRET_KEY };
    await using owner = await openWorld({ accounts: ["alice", "bob"], settings });
    const { origin, browserArgs } = owner.simulator;
    await using door = await openWorld({
      accounts: [],
      settings: { ...settings, MAX_OPEN_SESSIONS: "0", GPTOMNI_ORIGIN: origin, BROWSER_ARGS: browserArgs },
    });
    await expect.poll(() => fetch(`${door.gateway.url}/readyz`).then(({ status }) => status)).toBe(200);
    await expect.poll(() => door.ask("hello").catch(String)).toBe("You said: hello");
    expect(owner.simulator.posts).toHaveLength(1);
    expect([door.gateway.pool.states, door.gateway.browsers.starts]).toEqual([[], 0]);
    expect(owner.gateway.pool.states).toHaveLength(2);
    const metrics = await fetch(`${owner.gateway.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    expect(await metrics.text()).toMatch(/^gateway_owned_accounts 2$/m);
  },
);
