import { expect, test } from "vitest";
import { BrowserFleet } from "../../src/browser/browser-fleet.ts";
import { Session } from "../../src/browser/session.ts";
import { AuthCookies } from "../../src/browser/auth-cookies.ts";
import type { PageFetch, Site } from "../../src/sites/site.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { chromiumProcesses } from "../faults/processes.ts";
import { testCertificate } from "../support/certificate.ts";
import { mainPidOf } from "../support/main-pid.ts";
import { WarmBrowsers } from "../support/warm-browsers.ts";

const PATIENT = new AbortController().signal;
const BROWSER = { browserPath: process.env["BROWSER_PATH"] ?? "/usr/bin/chromium", browserMode: "headless" } as const;
const NETWORK_SERVICE = "--utility-sub-type=network";
const LIMITS = { maxReplyBytes: 1_000_000, renewAfterRequests: 1_000 };

interface Opened extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly fleet: BrowserFleet;
  readonly session: Session;
}

interface Opening {
  /** Called between the visit to the site and the question whether the account is signed in. */
  readonly onSignInCheck?: (simulator: Simulator) => void;
  /** Called when the question's answer has begun. */
  readonly onSignInAnswer?: (fleet: BrowserFleet) => Promise<void>;
  /** Called when the question was answered. */
  readonly onSignInKnown?: () => void;
  readonly challengeTimeoutMs?: number;
}

/** A session of the account `alice`, with its page open. */
async function openSession(opening: Opening = {}): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const made = stack.use(await makeSession(opening));
  await made.session.open(PATIENT);
  stack.move();
  return made;
}

/** The same before its page opens. */
async function makeSession({
  onSignInCheck = () => {},
  onSignInAnswer = async () => {},
  onSignInKnown = () => {},
  challengeTimeoutMs = 30_000,
}: Opening): Promise<Opened> {
  await using opening = new AsyncDisposableStack();
  const simulator = opening.use(await Simulator.start({ certificate: await testCertificate() }));
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const options = { ...BROWSER, stealth: true, browserArgs: [simulator.browserArgs] };
  const fleet = opening.use(
    new BrowserFleet(new WarmBrowsers(options), { accountsPerBrowser: 1, maxOpenSessions: 1 }, log),
  );
  const real = gptomni(new URL(simulator.origin));
  const isSignedIn: Site["isSignedIn"] = async (fetch, signal) => {
    onSignInCheck(simulator);
    const observed: PageFetch = async (request, sign) => {
      const response = await fetch(request, sign);
      await onSignInAnswer(fleet);
      return response;
    };
    const answer = await real.isSignedIn(observed, signal);
    onSignInKnown();
    return answer;
  };
  const site = { ...real, isSignedIn };
  const signIn = new AuthCookies(site, simulator.addAccount("alice"));
  const session = opening.use(new Session(fleet.assign(), signIn, { ...LIMITS, challengeTimeoutMs, site }));
  const stack = opening.move();
  return { simulator, fleet, session, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test("a session that goes to sleep is closed at once, holds its page until that is closed, and then opens again", async () => {
  await using opened = await openSession();
  const { session } = opened;
  const asleep = session.sleep();
  // Without any wait: code that looks at the same moment must see it.
  expect([session.isOpen, session.holdsPage]).toEqual([false, true]);
  const awake = session.open(PATIENT);
  await asleep;
  expect([session.isOpen, session.holdsPage]).toEqual([false, false]);
  await awake;
  expect([session.isOpen, session.holdsPage]).toEqual([true, true]);
  await session.checkSignIn(PATIENT);
});

test("a token that the page's own script received is known after the next ping", async () => {
  await using opened = await openSession();
  const { session, simulator, fleet } = opened;
  const before = simulator.accounts.currentToken("alice");
  const page = (await fleet.supervisors[0]?.browser())?.contexts()[0]?.pages()[0];
  await page?.evaluate(`fetch("/api/auth/session").then((response) => response.text())`);
  const token = simulator.accounts.currentToken("alice");
  expect(token).not.toBe(before);
  await session.ping();
  expect(session.authCookies.cookies.map(({ value }) => value)).toContain(token);
});

/** Resolves when its end was noticed. */
async function killBrowser(fleet: BrowserFleet): Promise<void> {
  const gone = Promise.withResolvers<unknown>();
  (await fleet.supervisors[0]?.browser())?.once("disconnected", gone.resolve);
  const pid = await mainPidOf(fleet.supervisors[0]);
  // A signal to process 0 would go to this test's own process group.
  if (!pid) throw new Error("no browser runs");
  process.kill(pid, "SIGKILL");
  await gone.promise;
}

test("a token from the sign-in check is stored before its answer is read, even if the browser dies then", async () => {
  await using made = await makeSession({ onSignInAnswer: killBrowser });
  const { session, simulator } = made;
  const before = simulator.accounts.currentToken("alice");
  await expect(session.open(PATIENT)).rejects.toMatchObject({ code: "session_lost" });
  const token = simulator.accounts.currentToken("alice");
  expect(token).not.toBe(before);
  expect(session.authCookies.cookies.map(({ value }) => value)).toContain(token);
});

test("a new page that dies while it waits for the old page's answer is not used, and the old page stays", async () => {
  let answers = 0;
  await using opened = await openSession({ onSignInKnown: () => void (answers += 1) });
  const { session, simulator, fleet } = opened;
  simulator.failNext({ stallAfterChunks: 1 });
  const stalled = new AbortController();
  const prompt = { path: "/api/chatWithText", method: "POST", headers: {}, body: '{"prompt":"hi"}' } as const;
  await session.fetch(prompt, stalled.signal);
  const renewed = session.recycle(PATIENT);
  await expect.poll(() => answers).toBe(2);
  const pages = (await fleet.supervisors[0]?.browser())?.contexts()[0]?.pages();
  await pages?.[1]?.close();
  stalled.abort();
  await expect(renewed).rejects.toMatchObject({ code: "session_lost" });
  await session.checkSignIn(PATIENT);
});

test("a ping finds that the browser lost the cookies, and the session opens again with the known cookies", async () => {
  await using opened = await openSession();
  const { session, fleet } = opened;
  const lost: string[] = [];
  session.onLost = ({ message }) => void lost.push(message);
  const mainPid = (await mainPidOf(fleet.supervisors[0])) ?? 0;
  const [before] = await chromiumProcesses(mainPid, NETWORK_SERVICE);
  if (!before) throw new Error("no network service runs");
  process.kill(before.pid, "SIGKILL");
  const others = async (): Promise<number> =>
    (await chromiumProcesses(mainPid, NETWORK_SERVICE)).filter(({ pid }) => pid !== before.pid).length;
  await expect.poll(others).toBe(1);
  await session.ping();
  expect(lost).toEqual(["The browser holds the account's sign-in no more."]);
  expect(session.isOpen).toBe(false);
  await session.open(PATIENT);
  await session.checkSignIn(PATIENT);
});

test("a challenge that comes again each time is solved again, while there is time for it", async () => {
  let checks = 0;
  const onSignInCheck = (simulator: Simulator): void => {
    checks += 1;
    if (checks <= 3) simulator.challengeAll();
  };
  await using opened = await openSession({ onSignInCheck });
  expect(opened.session.isOpen).toBe(true);
  expect(checks).toBe(4);
});

test("a challenge that comes again forever is given up when its time is over, after few pages", async () => {
  let checks = 0;
  const onSignInCheck = (simulator: Simulator): void => {
    checks += 1;
    simulator.challengeAll();
  };
  const opening = openSession({ onSignInCheck, challengeTimeoutMs: 5_000 });
  await expect(opening).rejects.toMatchObject({ code: "site_challenged" });
  expect(checks).toBeGreaterThan(1);
  expect(checks).toBeLessThanOrEqual(4);
});
