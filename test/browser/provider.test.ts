import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AuthCookies } from "../../src/browser/auth-cookies.ts";
import { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import { LocalProcess } from "../../src/browser/local-process.ts";
import { Session } from "../../src/browser/session.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { NewRemoteBrowsers } from "./remote-browsers.ts";

const PATIENT = new AbortController().signal;
const PROMPT = { path: "/api/chatWithText", method: "POST", headers: {}, body: '{"prompt":"hello"}' } as const;
const LIMITS = { maxReplyBytes: 1_000_000, renewAfterRequests: 1_000, challengeTimeoutMs: 30_000 };

interface Opened extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly provider: NewRemoteBrowsers;
  readonly supervisor: BrowserSupervisor;
  readonly session: Session;
  /** Why the session's page was lost, each time. */
  readonly lost: readonly string[];
}

/** A session of the account `alice` in a browser that this process did not start. */
async function openRemotely(): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await Simulator.start());
  const provider = stack.use(new NewRemoteBrowsers(simulator.browserArgs.split(" ")));
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const supervisor = stack.use(new BrowserSupervisor(provider, log));
  const site = gptomni(new URL(simulator.origin));
  const cookies = new AuthCookies(site, simulator.addAccount("alice"));
  const session = stack.use(new Session(supervisor, cookies, { ...LIMITS, site }));
  const lost: string[] = [];
  session.onLost = ({ code }) => void lost.push(code);
  await session.open(PATIENT);
  const opened = stack.move();
  return { simulator, provider, supervisor, session, lost, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function answer(session: Session): Promise<string> {
  const { status, body } = await session.fetch(PROMPT, PATIENT);
  expect(status).toBe(200);
  let text = "";
  for await (const piece of body) text += piece;
  return text;
}

test("a request is answered by a browser that runs elsewhere, which goes on when the gateway leaves it", async () => {
  await using opened = await openRemotely();
  const { session, simulator, supervisor, provider } = opened;
  expect(await answer(session)).not.toBe("");
  expect(simulator.posts.map(({ prompt }) => prompt)).toEqual(["hello"]);
  await session[Symbol.asyncDispose]();
  await supervisor[Symbol.asyncDispose]();
  expect(provider.started.map(({ hasEnded }) => hasEnded)).toEqual([false]);
});

test("the end of a browser that runs elsewhere is noticed, and the next request opens another one", async () => {
  await using opened = await openRemotely();
  const { session, supervisor, provider, lost } = opened;
  provider.started[0]?.signal("SIGKILL");
  await expect.poll(() => supervisor.isRunning).toBe(false);
  await expect.poll(() => lost).toEqual(["session_lost"]);
  await session.open(PATIENT);
  expect(await answer(session)).not.toBe("");
  expect([supervisor.starts, provider.started.length]).toEqual([2, 2]);
});

test("a browser that froze elsewhere is left, and no process of this machine is ended in its place", async () => {
  await using opened = await openRemotely();
  const { session, supervisor, provider, lost } = opened;
  provider.started[0]?.signal("SIGSTOP");
  await expect.poll(() => supervisor.isRunning).toBe(false);
  await session.ping();
  expect(lost).toEqual(["session_lost"]);
  await session.open(PATIENT);
  expect(await answer(session)).not.toBe("");
  expect(provider.started.map(({ hasEnded }) => hasEnded)).toEqual([false, false]);
});

/** A process with this temporary directory, which leads a process group of its own. */
function startProcess(tempDir: string) {
  return spawn("sleep", ["60"], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env["PATH"], TMPDIR: tempDir },
  });
}

test("a process id that Chromium tells counts only if that process has Chromium's directory here", async () => {
  await using own = await mkdtempDisposable(join(tmpdir(), "own-"));
  await using foreign = await mkdtempDisposable(join(tmpdir(), "foreign-"));
  const [chromium, other] = [startProcess(own.path), startProcess(foreign.path)];
  await Promise.all([once(chromium, "spawn"), once(other, "spawn")]);
  const mistaken = await LocalProcess.find(other.pid, own.path);
  expect(mistaken.pid).toBeUndefined();
  const ended = once(chromium, "exit");
  await mistaken.kill();
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect([other.exitCode, other.signalCode]).toEqual([null, null]);
  const right = await LocalProcess.find(other.pid, foreign.path);
  expect(right.pid).toBe(other.pid);
  const otherEnded = once(other, "exit");
  await right.kill();
  expect(await otherEnded).toEqual([null, "SIGKILL"]);
});
