import { expect, test } from "vitest";
import { operatorOf } from "../support/key-store.ts";
import { openWorld } from "../support/world.ts";

test("a key that was made while the gateway runs serves, keeps to its limits, and both survive a restart", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { KEY_RATE_LIMIT: "1/1d" } });
  const call = (...of: Parameters<ReturnType<typeof operatorOf>>) => operatorOf(world.gateway.url)(...of);
  const { key } = (await call("POST", "/keys", { name: "anna", limits: { requestsPerDay: 2 } })).body;
  const body = { model: "gptomni", messages: [{ role: "user", content: "Hi" }] };
  const statusFor = async (secret: unknown): Promise<number> => {
    const headers = { authorization: `Bearer ${String(secret)}`, "content-type": "application/json" };
    const response = await world.post("/v1/chat/completions", body, { headers });
    await response.text();
    return response.status;
  };
  expect([await statusFor(key), await statusFor(key), await statusFor(key)]).toEqual([200, 200, 429]);
  await world.ask("the master key has the limit of the settings");
  await expect(world.ask("twice")).rejects.toMatchObject({ code: "key_rate_limit_exceeded" });
  await world.restart();
  await expect(world.ask("after the restart too")).rejects.toMatchObject({ code: "key_rate_limit_exceeded" });
  expect(await statusFor(key)).toBe(429);
  const rows = (await call("GET", "/keys")).body.data;
  expect(rows).toMatchObject([
    { name: "anna", hasOwnLimits: true, remaining: { requestsPerDay: 0 } },
    { name: "master", hasOwnLimits: false, limits: { requestsPerDay: 1 }, remaining: { requestsPerDay: 0 } },
  ]);
  expect(world.simulator.posts).toHaveLength(3);
  expect(world.logged.join("")).not.toContain(String(key));
});
