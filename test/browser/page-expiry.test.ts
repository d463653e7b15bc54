import { expect, test } from "vitest";
import type { Validity } from "../../src/browser/account-hold.ts";
import { AuthCookies } from "../../src/browser/auth-cookies.ts";
import { BrowserFleet } from "../../src/browser/browser-fleet.ts";
import { Session } from "../../src/browser/session.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { testCertificate } from "../support/certificate.ts";
import { WarmBrowsers } from "../support/warm-browsers.ts";

const PATIENT = new AbortController().signal;
const BROWSER = { browserPath: process.env["BROWSER_PATH"] ?? "/usr/bin/chromium", browserMode: "headless" } as const;
const LIMITS = { maxReplyBytes: 1_000_000, renewAfterRequests: 1_000, challengeTimeoutMs: 30_000 };
const PROMPT = { path: "/api/chatWithText", method: "POST", headers: {}, body: '{"prompt":"hi"}' } as const;

/** The right to an account, as the test gives it. */
class Right implements Validity {
  #watcher: () => void = () => {};
  untilMs: number;

  constructor(lastsMs: number) {
    this.untilMs = performance.now() + lastsMs;
  }

  watch(onExtended: () => void): Disposable {
    this.#watcher = onExtended;
    return { [Symbol.dispose]: () => void (this.#watcher = () => {}) };
  }

  extend(lastsMs: number): void {
    this.untilMs = performance.now() + lastsMs;
    this.#watcher();
  }
}

async function openSession() {
  await using opening = new AsyncDisposableStack();
  const simulator = opening.use(await Simulator.start({ certificate: await testCertificate() }));
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const provider = new WarmBrowsers({ ...BROWSER, stealth: true, browserArgs: [simulator.browserArgs] });
  const fleet = opening.use(new BrowserFleet(provider, { accountsPerBrowser: 1, maxOpenSessions: 1 }, log));
  const site = gptomni(new URL(simulator.origin));
  const signIn = new AuthCookies(site, simulator.addAccount("alice"));
  const session = opening.use(new Session(fleet.assign(), signIn, { ...LIMITS, site }));
  await session.open(PATIENT);
  const stack = opening.move();
  return { simulator, session, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function textOf(body: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of body) text += piece;
  return text;
}

const EXPIRED: unknown = expect.objectContaining({ code: "ownership_lost" });

test("the page sends nothing once the account may be another replica's", async () => {
  await using opened = await openSession();
  const { session, simulator } = opened;
  const asked = simulator.posts.length;
  await expect(session.fetch(PROMPT, PATIENT, new Right(-1))).rejects.toEqual(EXPIRED);
  expect(simulator.posts).toHaveLength(asked);
  const { body } = await session.fetch(PROMPT, PATIENT, new Right(60_000));
  expect(await textOf(body)).not.toBe("");
});

test("the page ends an answer by itself when nobody tells it that the account is still here", async () => {
  await using opened = await openSession();
  const { session, simulator } = opened;
  simulator.failNext({ stallAfterChunks: 1 });
  const answer = session.fetch(PROMPT, PATIENT, new Right(2_000)).then(({ body }) => textOf(body));
  await expect(answer).rejects.toEqual(EXPIRED);
  expect(await session.isQuiet()).toBe(true);
});

test("an answer goes on while the account stays here", async () => {
  await using opened = await openSession();
  const { session, simulator } = opened;
  simulator.failNext({ stallAfterChunks: 1 });
  const right = new Right(1_000);
  const stalled = new AbortController();
  const { body } = await session.fetch(PROMPT, stalled.signal, right);
  const reading = textOf(body);
  right.extend(60_000);
  // By now the answer would have ended, had it not been told.
  await expect.poll(() => performance.now() > right.untilMs - 57_000).toBe(true);
  stalled.abort(new Error("the caller left"));
  await expect(reading).rejects.toThrow("unexpected error");
});
