import { expect, test } from "vitest";
import { Locks } from "../../src/cluster/locks.ts";
import { OwnedAccounts, type OwnedAccountsParts } from "../../src/cluster/owned-accounts.ts";
import { accountsOf } from "./replica.ts";

/** A session of PostgreSQL that grants whatever is claimed. `onClaim`: what happens meanwhile. */
function grantingSession(onClaim: () => void) {
  return {
    query: async (statement: string, [first, second]: readonly (readonly string[])[]) => {
      if (statement.includes("pg_try_advisory_lock")) return (first ?? []).map((name) => ({ name, is_taken: true }));
      if (!statement.includes("INSERT INTO account_owner")) return [];
      onClaim();
      return (second ?? []).map((key) => ({ key, epoch: 1, waitMs: null }));
    },
  };
}

test("accounts that were claimed before another replica had joined move to it at once", async () => {
  let isAlone = true;
  const anchor = grantingSession(() => (isAlone = false)) as never;
  const owned = new OwnedAccounts({
    replicaId: "first",
    manager: { apply: async () => {}, gone: async () => {} },
    persistence: { distrustStore: () => {}, flush: async () => true },
    keyOf: ({ id }: { readonly id: string }) => `key of ${id}`,
    membership: { standing: { anchor, locks: new Locks(anchor) }, untilMs: Infinity },
    // The other one comes first for all of them.
    seats: {
      wantedOf: (free: readonly object[]) => (isAlone ? free : []),
      isMine: () => isAlone,
      mustLeave: ({ isPlaced }: { readonly isPlaced: boolean }) => !isAlone && isPlaced,
    },
    turns: { lose: () => {} },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  } as unknown as OwnedAccountsParts);
  await owned.apply(accountsOf(3));
  expect([isAlone, owned.count]).toEqual([false, 3]);
  await owned.settle();
  await owned.whenEmpty(AbortSignal.timeout(30_000));
  expect(owned.count).toBe(0);
});
