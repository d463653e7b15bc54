import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FailureBundles } from "../../src/accounts/failure-bundles.ts";
import { GatewayError } from "../../src/errors.ts";
import { Redaction } from "../../src/observe/log.ts";
import type { FailedAttempt } from "../../src/pool/failure-witness.ts";

/** What a lease shows while its page is looked at, without end. */
function leaseOfASlowPage(held: unknown[]): FailedAttempt["lease"] {
  const account = { id: "alice", state: "busy", reason: "answering", since: 1 };
  const shown = {
    account,
    evidence: () => new Promise(() => {}),
    holdFor: (work: unknown) => held.push(work),
    sentAfterMs: undefined,
    elapsedMs: 1,
  };
  return shown as unknown as FailedAttempt["lease"];
}

test.each([
  ["is held until its page was looked at", false, 1],
  ["is given back at once where the request may be asked again with it", true, 0],
])("an account whose request failed %s", async (_title, mayRepeat, times) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-witness-"));
  const options = { count: 10, bytes: 1_000_000, ageMs: 86_400_000, stateDir: folder.path };
  const parts = { history: { of: () => [] }, redaction: new Redaction(), log: { warn: () => {} } };
  using bundles = await FailureBundles.open(options, parts);
  const held: unknown[] = [];
  const failure = new GatewayError("session_lost", "The session's page crashed.");
  const progress = { attempts: 1, queuedMs: 0 };
  bundles?.witness({ lease: leaseOfASlowPage(held), failure, requestId: "req_1", progress, mayRepeat });
  expect(held).toHaveLength(times);
});
