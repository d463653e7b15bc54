import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Session } from "../../src/browser/session.ts";
import { GatewayError } from "../../src/errors.ts";
import { RateLimiter } from "../../src/pool/rate-limiter.ts";
import { AccountEvents } from "../../src/pool/account-event.ts";
import { Account } from "../../src/pool/account.ts";
import type { FailureRecord } from "../../src/pool/failure-streak.ts";

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

// The wall clock only: it can be set, and the monotonic one cannot.
beforeEach(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

function accountWith(failure?: FailureRecord): Account {
  return new Account({
    id: "alice",
    site: "gptomni",
    session: { authCookies: {} } as Session,
    rateLimiter: new RateLimiter(undefined),
    events: new AccountEvents(),
    failure,
  });
}

test.each([
  ["a year ahead", YEAR_MS],
  ["beyond what a timer can wait", 2 ** 40],
  ["at the end of time", Number.MAX_SAFE_INTEGER],
])("an account whose next try was stored %s waits an hour at most", (_name, aheadMs) => {
  const at = Date.now() + aheadMs;
  const account = accountWith({ state: "expired", reason: "signed out", since: at, nextTryAt: at, failuresInARow: 3 });
  expect(account.waitMs).toBeLessThanOrEqual(HOUR_MS);
  expect(account.nextTryAt).toBeLessThanOrEqual(Date.now() + HOUR_MS);
  expect(account.since).toBeLessThanOrEqual(Date.now());
});

test("an account whose next try is due after a restart is tried when it is due", () => {
  const [since, nextTryAt] = [Date.now() - 1_000, Date.now() + 60_000];
  const account = accountWith({ state: "cooldown", reason: "told to wait", since, nextTryAt, failuresInARow: 1 });
  expect({ since: account.since, nextTryAt: account.nextTryAt }).toEqual({ since, nextTryAt });
  expect(account.waitMs).toBeGreaterThan(59_000);
});

test.each([
  ["back by a year", -YEAR_MS],
  ["back by a minute", -60_000],
  ["ahead by a year", YEAR_MS],
])("a clock that is set %s makes no account wait longer", (_name, jumpMs) => {
  const account = accountWith();
  account.startOpening();
  account.failed(new GatewayError("site_rate_limited", "slow down", { retryAfterMs: 30_000 }));
  vi.setSystemTime(Date.now() + jumpMs);
  expect(account.waitMs).toBeLessThanOrEqual(30_000);
});

test("a site's own time to wait is kept to an hour", () => {
  const account = accountWith();
  account.startOpening();
  account.failed(new GatewayError("site_rate_limited", "slow down", { retryAfterMs: 10 ** 12 }));
  expect(account.waitMs).toBeLessThanOrEqual(HOUR_MS);
});
