import { expect, test } from "vitest";
import { BrowserFleet } from "../src/browser/browser-fleet.ts";
import { Session } from "../src/browser/session.ts";
import { createLog, Redaction } from "../src/log.ts";
import { Simulator } from "../src/simulator/simulator.ts";
import { gptomni } from "../src/sites/gptomni.ts";

const PATIENT = new AbortController().signal;
const BROWSER = { browserPath: process.env["BROWSER_PATH"] ?? "/usr/bin/chromium", browserMode: "headless" } as const;
const LIMITS = { challengeTimeoutMs: 5_000, maxReplyBytes: 1_000_000, renewAfterRequests: 1_000 };

test("a session that goes to sleep is lent no more, holds its page until that is gone, and opens after that", async () => {
  await using simulator = await Simulator.start();
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const options = { ...BROWSER, stealth: true, browserArgs: [simulator.browserArgs] };
  await using fleet = new BrowserFleet({ ...options, credentialsPerBrowser: 1, maxOpenSessions: 1 }, log);
  const site = gptomni(new URL(simulator.origin));
  await using session = new Session(fleet.moveIn(), simulator.addAccount("alice"), { ...LIMITS, site });
  await session.open(PATIENT);
  const asleep = session.sleep();
  // Nothing of it was awaited: whoever looks at the same moment must see it.
  expect([session.isOpen, session.holdsPage]).toEqual([false, true]);
  const opened = session.open(PATIENT);
  await asleep;
  expect([session.isOpen, session.holdsPage]).toEqual([false, false]);
  await opened;
  expect([session.isOpen, session.holdsPage]).toEqual([true, true]);
  await session.checkSignIn(PATIENT);
});
