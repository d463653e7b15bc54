import { expect, test } from "vitest";
import { distantProspect } from "../../src/pool/distant-account.ts";
import type { AccountState } from "../../src/pool/account-state.ts";

/** When another replica's account is free, if its pages were open: it was told 9 s, and 1 s at the earliest. */
function freeIfOpen(state: AccountState): number {
  const told = { id: "alice", site: "gptomni", isInService: true, ageMs: 0, sendsEndInMs: [] };
  return distantProspect({ ...told, state, freeInMs: 9_000, earliestInMs: 1_000 }, "open").freeInMs;
}

test("no request is refused for the time that another replica takes to open a page", () => {
  expect(freeIfOpen("idle")).toBe(1_000);
  expect(freeIfOpen("opening")).toBe(1_000);
});

test("the answer that another replica's account gives now is waited for", () => {
  expect(freeIfOpen("busy")).toBe(9_000);
});
