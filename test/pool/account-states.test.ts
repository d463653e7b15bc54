import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Session } from "../../src/browser/session.ts";
import { ERRORS, GatewayError, type ErrorCode } from "../../src/errors.ts";
import { AccountEvents, type StateChange } from "../../src/pool/account-event.ts";
import { ACCOUNT_STATES, TRANSITIONS } from "../../src/pool/account-state.ts";
import { Account } from "../../src/pool/account.ts";
import { RateLimiter } from "../../src/pool/rate-limiter.ts";
import { VirtualPool } from "./virtual-pool.ts";

type Verb = readonly [name: string, apply: (account: Account) => void];

const FAILURES = (Object.keys(ERRORS) as ErrorCode[]).map((code) => new GatewayError(code, code));
const VERBS: readonly Verb[] = [
  ["startOpening", (account) => account.startOpening()],
  ["opened", (account) => account.opened({ isProven: true })],
  ["becomeReady", (account) => account.becomeReady()],
  ["sleep", (account) => account.sleep()],
  ["rest", (account) => account.rest()],
  ["leased", (account) => account.leased()],
  ["released", (account) => account.released()],
  ["startSignInCheck", (account) => account.startSignInCheck()],
  ["startSolving", (account) => account.startSolving()],
  ["solved", (account) => account.solved()],
  ["answered", (account) => account.answered()],
  ["recheck", (account) => account.recheck()],
  ["disable", (account) => account.disable()],
  ["enable", (account) => account.enable()],
  ["takeOver", (account) => account.takeOver()],
  ["handBack", (account) => account.handBack()],
  ["park", (account) => account.park()],
  ["unpark", (account) => account.unpark()],
  ["drain", (account) => account.drain("the gateway stops")],
];
/** One for each of what the error table does with a session. */
const SEVERAL_FATES: ReadonlySet<ErrorCode> = new Set([
  "site_failed",
  "session_lost",
  "site_rate_limited",
  "site_challenged",
  "account_signed_out",
]);
const verb: fc.Arbitrary<Verb> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...VERBS) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...FAILURES).chain((error) => fc.constantFrom(failed(error), failedToOpen(error))),
  },
);

function failed(error: GatewayError): Verb {
  return [`failed ${error.code}`, (account) => account.failed(error)];
}

function failedToOpen(error: GatewayError): Verb {
  return [`failedToOpen ${error.code}`, (account) => account.failedToOpen(error)];
}

function newAccount(events: AccountEvents): Account {
  const session = { authCookies: { confirm: () => {} } } as unknown as Session;
  return new Account({ id: "alice", site: "gptomni", session, rateLimiter: new RateLimiter(undefined), events });
}

interface Played {
  readonly account: Account;
  readonly taken: readonly string[];
  /** What speaks against: each verb either takes one transition of the table, or throws and changes nothing. */
  readonly flaws: readonly string[];
}

/** Applies the verbs one after the other. */
function play(verbs: readonly Verb[]): Played {
  const events = new AccountEvents();
  const changes: StateChange[] = [];
  events.subscribe((event) => void (event.kind === "state" && changes.push(event)));
  const account = newAccount(events);
  const flaws: string[] = [];
  for (const [name, apply] of verbs) {
    const [from, count] = [account.state, changes.length];
    const told = problemOf(() => apply(account));
    const { state: to, reason, since, nextTryAt } = account;
    const isNew = from !== to;
    const change = { kind: "state", accountId: "alice", from, to, reason, since, nextTryAt };
    if (!isDeepStrictEqual(changes.slice(count), isNew ? [change] : [])) flaws.push(`${name}: its events differ`);
    if (isNew && !TRANSITIONS[from].includes(to)) flaws.push(`${name}: ${from} → ${to} is not in the table`);
    if (told !== undefined && isNew) flaws.push(`${name}: it threw and changed the state`);
    if (told?.startsWith(`Error: Account alice cannot go from ${from} to `) === false) flaws.push(`${name}: ${told}`);
  }
  return { account, taken: changes.map(({ from, to }) => `${from} → ${to}`), flaws };
}

function problemOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (cause) {
    return String(cause);
  }
}

test("no order of verbs takes an account along a transition that the table does not have", () => {
  const property = fc.property(fc.array(verb, { minLength: 1, maxLength: 60 }), (verbs) => {
    expect(play(verbs).flaws).toEqual([]);
  });
  fc.assert(property, { numRuns: 1_000 });
});

test("each transition of the table is taken by some order of verbs", () => {
  const failures = FAILURES.filter(({ code }) => SEVERAL_FATES.has(code));
  const verbs = [...VERBS, ...failures.flatMap((error) => [failed(error), failedToOpen(error)])];
  const taken = new Set<string>();
  const seen = new Set<string>();
  const paths: Verb[][] = [[]];
  // The list grows while it is walked: every situation that differs is a start for all verbs.
  for (const path of paths) {
    const { account, taken: transitions } = play(path);
    for (const transition of transitions) taken.add(transition);
    const { state, isHeld, isTakenOver, nextTryAt } = account;
    const situation = JSON.stringify([state, isHeld, isTakenOver, nextTryAt === undefined]);
    if (seen.has(situation)) continue;
    seen.add(situation);
    paths.push(...verbs.map((next) => [...path, next]));
  }
  const permitted = ACCOUNT_STATES.flatMap((from) => TRANSITIONS[from].map((to) => ({ from, to })));
  const changing = permitted.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from} → ${to}`);
  expect([...taken].toSorted()).toEqual(changing.toSorted());
});

test("an account that is leased cannot be leased again", () => {
  const account = newAccount(new AccountEvents());
  account.startOpening();
  account.becomeReady();
  account.leased();
  expect(() => account.leased()).toThrow("Account alice cannot go from busy to busy.");
});

test("a request that meets a forbidden transition fails at once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const pool = new VirtualPool({ count: 9, windowMs: 1_000 }, 60_000);
  await pool.addAccounts(1);
  // A mistake elsewhere: the account is still among the idle ones, and its state says that it is busy.
  pool.accounts[0]?.leased();
  const { refused } = await pool.ask({ afterMs: 0, answerMs: 10, keyId: "one" });
  expect(String(refused?.error.cause)).toBe("Error: Account account-0 cannot go from busy to busy.");
});
