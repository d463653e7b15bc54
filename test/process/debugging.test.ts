import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { ask, serve } from "../support/command.ts";

test.each(["pw:protocol", "pw:*", "*", "pw:channel*,playwright-extra"])(
  "DEBUG=%s prints no cookie and no prompt, and says what stays off",
  async (DEBUG) => {
    await using site = await Simulator.start();
    await using command = await serve(site, { DEBUG });
    await command.says(/"session open"/);
    const [, url = ""] = await command.says(/"url":"([^"]+)"/);
    expect(await (await ask(url, "a private matter")).text()).toContain("[DONE]");
    command.signal("SIGTERM");
    await command.ended();
    expect(command.output).toContain("stay off");
    expect(command.output).not.toContain("session-token=");
    expect(command.output).not.toContain(site.accounts.currentToken("alice"));
    expect(command.output).not.toContain("a private matter");
  },
);

async function read(pid: string, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
}

test("no signal opens the inspector of a process that npm started, and a crash leaves no core file", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site, {}, ["npm", "start"]);
  await command.says(/"session open"/);
  const processes = await command.processes();
  const commands = await Promise.all(processes.map((pid) => read(pid, "cmdline")));
  const gateway =
    processes[commands.findIndex((line) => line.includes("src/cli.ts\0serve") && !line.includes("setup"))];
  process.kill(Number(gateway), "SIGUSR1");
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  expect(await (await ask(url, "still there?")).text()).toContain("[DONE]");
  expect(command.output).not.toContain("Debugger listening");
  const limits = await Promise.all(processes.map((pid) => read(pid, "limits")));
  const cores = limits.flatMap((text) => /^Max core file size +(\d+|unlimited) +/m.exec(text)?.[1] ?? []);
  expect(cores.length).toBeGreaterThan(3);
  // npm itself is started by the test.
  expect(cores.filter((limit) => limit !== "0").length).toBeLessThanOrEqual(1);
});
