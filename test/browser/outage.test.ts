import { once } from "node:events";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { ask, type Command, serve } from "../support/command.ts";
import { says, serve as serveApp } from "../support/scripted-gateway.ts";
import { LACKS_XVFB } from "../support/xvfb.ts";

// A machine with other work takes its time to start a browser again.
vi.setConfig({ testTimeout: 90_000 });

async function urlOf(command: Command): Promise<string> {
  await command.says(/"session open"/);
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  return url;
}

/** Asks until an answer comes. */
async function isAnswered(url: string): Promise<boolean> {
  await expect.poll(async () => (await ask(url, "still there?")).text()).toContain("[DONE]");
  return true;
}

/** The main process of the browser that was started last. */
function browserPid(command: Command): number {
  return Number([...command.output.matchAll(/"pid":(\d+)[^\n]*"chromium started"/g)].at(-1)?.[1]);
}

async function tempDirOf(command: Command): Promise<string> {
  for (const parent of ["/tmp", command.tempFolder]) {
    const name = (await readdir(parent)).find((entry) => entry.startsWith(`gptomni-${command.pid}-`));
    if (name !== undefined) return join(parent, name);
  }
  throw new Error("the gateway has no temporary folder");
}

test.skipIf(LACKS_XVFB)("a display that dies is started again, and so are its browsers", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site, { BROWSER_MODE: "headed", DISPLAY: "" });
  const url = await urlOf(command);
  const [, pid = ""] = await command.says(/"pid":(\d+),"display":\d+,"msg":"display started"/);
  process.kill(Number(pid), "SIGKILL");
  await command.says(/the display ended; it is started again/);
  await expect.poll(() => command.output.match(/display started/g)?.length).toBe(2);
  expect(await isAnswered(url)).toBe(true);
});

test.skipIf(LACKS_XVFB)(
  "the display opens to the gateway's browsers only, and is gone when the gateway ends",
  async () => {
    await using site = await Simulator.start();
    await using command = await serve(site, { BROWSER_MODE: "headed", DISPLAY: "", XAUTHORITY: "" });
    await urlOf(command);
    const [, pid = "", number = ""] = await command.says(/"pid":(\d+),"display":(\d+),"msg":"display started"/);
    const sockets = await readFile("/proc/net/unix", "utf8");
    expect(sockets).toContain(` /tmp/.X11-unix/X${number}\n`);
    expect(sockets).not.toContain(`@/tmp/.X11-unix/X${number}\n`);
    const socket = connect(`/tmp/.X11-unix/X${number}`);
    // A connection in the X protocol's version 11, without authorisation: the answer's first byte is 0 for refused.
    socket.write(Buffer.from([0x6c, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer[0]).toBe(0);
    expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain("next-auth");
    command.signal("SIGTERM");
    await command.ended();
    await expect.poll(() => command.processes()).toEqual([]);
  },
);

test("a temporary directory that something removed is created again", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site);
  const url = await urlOf(command);
  await rm(await tempDirOf(command), { recursive: true });
  process.kill(browserPid(command), "SIGKILL");
  await command.says(/chromium is gone/);
  expect(await isAnswered(url)).toBe(true);
});

test("a gateway whose temporary directory cannot be created again says so in one line and ends", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site, { BROWSER_OUTAGE_LIMIT_SECONDS: "2" });
  await urlOf(command);
  const tempDir = await tempDirOf(command);
  await rm(tempDir, { recursive: true });
  await writeFile(tempDir, "in the way");
  process.kill(browserPid(command), "SIGKILL");
  await command.says(/no browser started for \d+ s: The temporary folder cannot be written to \(E[A-Z]+\)/);
  expect(await command.ended()).toBe(1);
  await rm(tempDir, { force: true });
});

test("a gateway whose browser never starts ends after the limit, and not before", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site, { BROWSER_OUTAGE_LIMIT_SECONDS: "3", BROWSER_PATH: "/bin/false" });
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  await command.says(/chromium did not start/);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  await command.says(/"level":50[^\n]+no browser started for [3-9] s[^\n]+the gateway gives up and ends/);
  expect(await command.ended()).toBe(1);
});

test.each(["/livez", "/healthz"])("%s says why the process can no longer serve", async (path) => {
  const { url } = await serveApp(says("Hello"), { giveUpReason: () => "no browser started for 301 s: no display" });
  const response = await fetch(url + path);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ status: "failed", reasons: ["no browser started for 301 s: no display"] });
});
