import { expect, test } from "vitest";
import { AccountHistory } from "../../src/accounts/account-history.ts";
import type { AccountState } from "../../src/pool/account-state.ts";

function change(history: AccountHistory, from: AccountState, to: AccountState, since: number): void {
  history.onEvent({ kind: "state", accountId: "alice", from, to, reason: "why", since, nextTryAt: undefined });
}

test("a failure stays in an account's history, however many requests come after it", () => {
  const history = new AccountHistory();
  change(history, "busy", "expired", 1);
  for (let request = 1; request <= 1_000; request += 1) {
    change(history, "ready", "busy", 2 * request);
    change(history, "busy", "ready", 2 * request + 1);
  }
  expect(history.of("alice").map(({ since }) => since)).toEqual([
    ...Array.from({ length: 15 }, (_, at) => 2_001 - at),
    1,
  ]);
});

test("the newest fifty changes are kept, under the account's new name too", () => {
  const history = new AccountHistory();
  for (let failure = 1; failure <= 100; failure += 1) change(history, "opening", "expired", failure);
  history.rename("alice", "alicia");
  expect(history.of("alicia").map(({ since }) => since)).toEqual(Array.from({ length: 50 }, (_, at) => 100 - at));
  expect(history.of("alice")).toEqual([]);
});
