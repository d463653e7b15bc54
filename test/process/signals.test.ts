import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { ask, Command, NODE, ROOT, serve } from "../support/command.ts";

// A machine with other work takes its time to start.
vi.setConfig({ testTimeout: 150_000 });

const NPM_START = ["npm", "start"];
/** A terminal of its own, whose session the command leads. It is closed when `script` is killed. */
const inTerminal = (command: readonly string[]): string[] => ["script", "-qefc", command.join(" "), "/dev/null"];
const SLOW_ANSWER = '@sim {"chunks":10,"chunkDelayMs":100,"chunkText":"piece "}';

/** A gateway in the middle of an answer. */
async function answering(command: Command, site: Simulator): Promise<{ readonly text: Promise<string> }> {
  await command.says(/"session open"/);
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  const answer = await ask(url, SLOW_ANSWER);
  await site.waitForPost((post) => post.bytesSent > 0, 30_000);
  return { text: answer.text() };
}

/** How the answer ended, once no process of the command is left. */
async function endOf(command: Command, { text }: { readonly text: Promise<string> }) {
  const answer = await text;
  await command.ended();
  await expect.poll(() => command.processes()).toEqual([]);
  return { pieces: answer.match(/piece /g)?.length, isWhole: answer.endsWith("data: [DONE]\n\n") };
}

const GRACEFUL = { pieces: 10, isWhole: true };

test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const)(
  "%s to npm alone lets the running answer finish, and nothing stays behind",
  async (signal) => {
    await using site = await Simulator.start();
    await using command = await serve(site, {}, NPM_START);
    const answer = await answering(command, site);
    command.signalFirst(signal);
    expect(await endOf(command, answer)).toEqual(GRACEFUL);
  },
);

test("SIGTERM to npm and to all that it started is one request to stop, not several", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site, {}, NPM_START);
  const answer = await answering(command, site);
  command.signal("SIGTERM");
  expect(await endOf(command, answer)).toEqual(GRACEFUL);
});

test.each([
  ["npm start", NPM_START],
  ["the gateway itself", [...NODE, "serve"]],
])("Ctrl-C in the terminal of %s lets the running answer finish", async (_name, run) => {
  await using site = await Simulator.start();
  await using command = await serve(site, {}, inTerminal(run));
  const answer = await answering(command, site);
  command.type("\u0003");
  expect(await endOf(command, answer)).toEqual(GRACEFUL);
});

test.each([
  ["npm start", NPM_START],
  ["the gateway itself", [...NODE, "serve"]],
])("closing the terminal of %s lets the running answer finish, and nothing stays behind", async (_name, run) => {
  await using site = await Simulator.start();
  await using command = await serve(site, {}, inTerminal(run));
  const answer = await answering(command, site);
  command.signalFirst("SIGKILL");
  expect(await endOf(command, answer)).toEqual(GRACEFUL);
});

test("a reload by systemd adds accounts, and its stop lets the running answer finish", async () => {
  const unit = readFileSync(join(ROOT, "deploy/gptomni-gateway.service"), "utf8");
  const start = /^ExecStart=(.+)$/m.exec(unit)?.[1]?.split(" ") ?? [];
  expect(unit).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
  expect(unit).toMatch(/^KillMode=mixed$/m);
  await using site = await Simulator.start();
  await using command = await serve(site, {}, start);
  const answer = await answering(command, site);
  command.signalFirst("SIGHUP");
  await command.says(/accounts reloaded/);
  command.signalFirst("SIGTERM");
  expect(await endOf(command, answer)).toEqual(GRACEFUL);
});
