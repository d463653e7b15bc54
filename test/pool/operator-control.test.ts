import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OperatorLease } from "../../src/pool/operator-control.ts";
import { openWorld, type World } from "../support/world.ts";
import { moveOn, VirtualPool, type Outcome } from "./virtual-pool.ts";

const PATIENT = new AbortController().signal;
const SLOW_MS = 120_000;

function stateOf(world: World, id: string): string | undefined {
  return world.gateway.pool.states.find((one) => one.id === id)?.state;
}

/** As many accounts, without a rate limit that matters. */
async function poolOf(accounts: number): Promise<VirtualPool> {
  const pool = new VirtualPool({ count: 1_000, windowMs: 1_000 }, 600_000);
  await pool.addAccounts(accounts);
  return pool;
}

function ask(pool: VirtualPool): Promise<Outcome> {
  return pool.ask({ afterMs: 0, answerMs: 10_000, keyId: "one" });
}

function states(pool: VirtualPool): string[] {
  return pool.accounts.map(({ state }) => state);
}

/** Lets time pass until the accounts are in these states. */
async function untilStates(pool: VirtualPool, expected: readonly string[]): Promise<void> {
  for (let turns = 0; turns < 1_000 && states(pool).join() !== expected.join(); turns += 1) await moveOn(1);
  expect(states(pool)).toEqual(expected);
}

describe("in time that the test moves", () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
      now: 1_800_000_000_000,
    });
  });
  afterEach(() => void vi.useRealTimers());

  test("a disabled account finishes its answer, gets no other request, and serves again once enabled", async () => {
    await using pool = await poolOf(1);
    const [running, waiting] = [ask(pool), ask(pool)];
    await moveOn(1_000);
    expect(await pool.operator.disable("account-0")).toBe(true);
    const refused = await waiting;
    expect([refused.refused?.error.code, refused.refused?.atMs]).toEqual(["no_usable_account", performance.now()]);
    expect(states(pool)).toEqual(["busy"]);
    expect((await pool.until(running)).refused).toBeUndefined();
    await untilStates(pool, ["disabled"]);
    expect((await ask(pool)).refused?.error.message).toBe("No account can answer now: 1 disabled.");
    expect(pool.operator.enable("account-0")).toBe(true);
    await untilStates(pool, ["ready"]);
    expect((await pool.until(ask(pool))).account).toBe("account-0");
  });

  test("an operator takes an account over after its answer, and the next operator after that one", async () => {
    await using pool = await poolOf(2);
    const running = ask(pool);
    await moveOn(1_000);
    const order: string[] = [];
    const first = pool.operator.takeOver("account-0", PATIENT).finally(() => order.push("first"));
    const second = pool.operator.takeOver("account-0", PATIENT).finally(() => order.push("second"));
    await moveOn(0);
    expect([order, states(pool)]).toEqual([[], ["busy", "ready"]]);
    // The other account serves meanwhile.
    expect((await pool.until(ask(pool))).account).toBe("account-1");
    expect((await pool.until(running)).account).toBe("account-0");
    const lease = await first;
    expect([lease.accountId, order, states(pool)]).toEqual(["account-0", ["first"], ["taken_over", "ready"]]);
    await lease[Symbol.asyncDispose]();
    const next = await second;
    // The first one's lease is over, whatever it does with it.
    await lease[Symbol.asyncDispose]();
    expect([order, states(pool)]).toEqual([
      ["first", "second"],
      ["taken_over", "ready"],
    ]);
    await next[Symbol.asyncDispose]();
    await untilStates(pool, ["ready", "ready"]);
  });

  test("an operator who gives up waiting leaves the account in service", async () => {
    await using pool = await poolOf(1);
    const running = ask(pool);
    await moveOn(1_000);
    const leaving = new AbortController();
    const taken = pool.operator.takeOver("account-0", leaving.signal);
    await moveOn(0);
    leaving.abort(new Error("the operator left"));
    await expect(taken).rejects.toThrow("the operator left");
    const waiting = ask(pool);
    for (const answer of [running, waiting]) expect((await pool.until(answer)).account).toBe("account-0");
  });

  test("an account is removed even while an operator has it and another one waits for it", async () => {
    await using pool = await poolOf(2);
    const lease = await pool.operator.takeOver("account-0", PATIENT);
    const waiting = pool.operator.takeOver("account-0", PATIENT);
    const refused = waiting.catch((cause: unknown) => cause);
    await pool.remove("account-0");
    expect(await refused).toMatchObject({ code: "no_usable_account", message: "The account was removed." });
    await lease[Symbol.asyncDispose]();
    expect(states(pool)).toEqual(["draining", "ready"]);
    await expect(pool.operator.takeOver("account-0", PATIENT)).rejects.toThrow("There is no account with this id.");
    const { operator } = pool;
    const known = [await operator.disable("account-0"), operator.enable("account-0"), operator.recheck("account-0")];
    expect(known).toEqual([false, false, false]);
  });

  test("a disabled account can be taken over, and is disabled again afterwards", async () => {
    await using pool = await poolOf(1);
    await pool.operator.disable("account-0");
    const lease = await pool.operator.takeOver("account-0", PATIENT);
    expect(states(pool)).toEqual(["taken_over"]);
    await lease[Symbol.asyncDispose]();
    expect(states(pool)).toEqual(["disabled"]);
  });

  const step = fc.record({
    act: fc.constantFrom("ask", "ask", "ask", "disable", "enable", "takeOver", "handBack", "recheck"),
    id: fc.constantFrom("account-0", "account-1"),
    afterMs: fc.constantFrom(0, 0, 1, 5_000, 20_000),
  });

  test(
    "whatever operators do, they disturb no answer, and no request hangs or gets a held account",
    { timeout: SLOW_MS },
    async () => {
      let [answered, refused, takeovers] = [0, 0, 0];
      const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        await using pool = await poolOf(2);
        const { operator } = pool;
        const asked: Promise<Outcome>[] = [];
        const leases: Promise<OperatorLease>[] = [];
        const handBack = async (lease: OperatorLease): Promise<void> => {
          const account = pool.accounts.find(({ id }) => id === lease.accountId);
          expect(account?.state).toBe("taken_over");
          takeovers += 1;
          await lease[Symbol.asyncDispose]();
        };
        for (const { act, id, afterMs } of steps) {
          if (act === "ask") asked.push(ask(pool));
          else if (act === "disable") await operator.disable(id);
          else if (act === "enable") operator.enable(id);
          else if (act === "recheck") operator.recheck(id);
          else if (act === "takeOver") leases.push(operator.takeOver(id, PATIENT));
          // The newest operator may still wait for an older one, so the oldest goes first.
          else {
            const lease = leases.shift();
            if (lease) await pool.until(lease.then(handBack));
          }
          await moveOn(afterMs);
        }
        for (const lease of leases) await pool.until(lease.then(handBack));
        for (const { id } of pool.accounts) operator.enable(id);
        for (const outcome of await pool.until(Promise.all(asked))) {
          expect(outcome.refused?.error.code ?? "no_usable_account").toBe("no_usable_account");
          answered += outcome.refused ? 0 : 1;
          refused += outcome.refused ? 1 : 0;
        }
        await untilStates(pool, ["ready", "ready"]);
        expect(pool.queue.length).toBe(0);
      });
      await fc.assert(property, { numRuns: 120 });
      for (const count of [answered, refused, takeovers]) expect(count).toBeGreaterThan(20);
    },
  );
});

test(
  "a disabled account stays disabled over a restart, and is not opened",
  async () => {
    await using world = await openWorld();
    const { operator } = world.gateway.pool;
    await operator.disable("alice");
    const [before] = world.gateway.pool.states;
    expect(before).toMatchObject({ id: "alice", state: "disabled", reason: "disabled by the operator" });
    const loads = world.simulator.pageLoads;
    await world.restart();
    await expect.poll(() => stateOf(world, "bob"), { timeout: 30_000 }).toBe("ready");
    expect(world.gateway.pool.states[0]).toEqual(before);
    for (const word of ["one", "two"]) await world.ask(word);
    expect(world.simulator.posts.map(({ account }) => account)).toEqual(["bob", "bob"]);
    expect(world.simulator.pageLoads).toBe(loads + 1);
    world.gateway.pool.operator.enable("alice");
    await world.untilReady();
  },
  SLOW_MS,
);

test(
  "an operator takes over an account that needs attention, and it is tried at once when it comes back",
  async () => {
    await using world = await openWorld({
      accounts: ["alice"],
      settings: { CHALLENGE_TIMEOUT_SECONDS: "1" },
      simulator: { challenge: { isOn: true, isUnsolvable: true } },
      waitUntilReady: false,
    });
    await expect.poll(() => stateOf(world, "alice"), { timeout: 30_000 }).toBe("needs_attention");
    const lease = await world.gateway.pool.operator.takeOver("alice", PATIENT);
    expect(stateOf(world, "alice")).toBe("taken_over");
    // The person does what the browser could not.
    world.simulator.challenge.drop();
    await lease[Symbol.asyncDispose]();
    await world.untilReady();
    await expect(world.ask("solved")).resolves.toBe("You said: solved");
  },
  SLOW_MS,
);

test(
  "a recheck tries an account now that would wait for minutes",
  async () => {
    await using world = await openWorld({ accounts: ["alice"] });
    await world.ask('@sim {"status":429,"retryAfter":"1800"}').catch(() => {});
    await expect.poll(() => stateOf(world, "alice")).toBe("cooldown");
    expect(world.gateway.pool.operator.recheck("alice")).toBe(true);
    await world.untilReady();
    await expect(world.ask("again")).resolves.toBe("You said: again");
  },
  SLOW_MS,
);
