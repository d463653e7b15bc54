import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { moveOn, VirtualPool } from "./virtual-pool.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
});
afterEach(() => void vi.useRealTimers());

test("a request waits for an account of its own site while another site's account is free", async () => {
  await using pool = new VirtualPool({ count: 1_000, windowMs: 1_000 }, 600_000);
  await pool.addAccounts(1);
  await pool.addAccounts(1, "second");
  const arrival = { afterMs: 0, answerMs: 10_000, keyId: "one", site: "second" };
  const running = pool.ask(arrival);
  await moveOn(0);
  const waiting = pool.ask(arrival);
  await moveOn(1_000);
  expect(pool.accounts.map(({ state }) => state)).toEqual(["ready", "busy"]);
  const { account, startMs = 0, atMs } = await pool.until(waiting);
  expect([account, (await running).account]).toEqual(["account-1", "account-1"]);
  expect(startMs - atMs).toBeGreaterThanOrEqual(10_000);
});

test("a request for a site without an account is refused at once", async () => {
  await using pool = new VirtualPool({ count: 1_000, windowMs: 1_000 }, 600_000);
  await pool.addAccounts(1);
  const { refused, atMs } = await pool.until(pool.ask({ afterMs: 0, answerMs: 1, keyId: "one", site: "second" }));
  expect([refused?.error.code, refused?.atMs]).toEqual(["no_usable_account", atMs]);
});
