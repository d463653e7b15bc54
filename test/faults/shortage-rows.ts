import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { HostScene } from "./host-scene.ts";
import type { HostRow } from "./row.ts";

/** Lines that fill a pipe, which holds 64 KiB, several times. */
const MANY_LINES = 1_000;

/** Sets a soft limit of the gateway's process, so that it can be lifted again. */
function limit(scene: HostScene, what: string): void {
  execFileSync("prlimit", [`--pid=${scene.gateway.pid}`, what]);
}

async function logMuch(scene: HostScene): Promise<void> {
  for (let count = 0; count < MANY_LINES; count += 1) await scene.gateway.status("/livez");
}

/** Starts a gateway that must refuse to, and gives why. */
async function refusal(scene: HostScene, settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const gateway = await scene.start(settings);
  expect(await gateway.ended).toEqual({ code: 1, signal: null });
  const said = gateway.complaints;
  gateway.complaints = "";
  return said;
}

/** What a machine may be short of: disk, files, processor time, somebody who reads the log. */
export const SHORTAGE_ROWS: readonly HostRow[] = [
  {
    id: "F61",
    fault: "the disk that holds the state is full for a while",
    gets: "answer",
    host: { simulator: { rotateEveryReplies: 1 } },
    run: async (scene) => {
      limit(scene, "--fsize=1:");
      scene.strike();
      const asked = scene.ask();
      await scene.gateway.says(/the state was not stored/);
      limit(scene, "--fsize=unlimited:");
      return asked;
    },
  },
  {
    id: "F62",
    fault: "the state cannot be read when the gateway starts, and is then mended",
    gets: "answer",
    host: { simulator: { replacedTokensInForce: 0 } },
    run: async (scene) => {
      scene.gateway.signal("SIGTERM");
      await scene.stopped();
      const path = join(scene.home, "state", "gateway.sqlite");
      expect(await refusal(scene, { SECRET_KEY: "another key, of thirty-two characters or more" })).toMatch(
        /SECRET_KEY/,
      );
      const whole = await readFile(path);
      for (const spoilt of [whole.subarray(0, 5_000), Buffer.from("no database at all ".repeat(1_000))]) {
        await writeFile(path, spoilt);
        expect(await refusal(scene)).toMatch(/Move it away/);
        expect(await readFile(path)).toEqual(spoilt);
      }
      await writeFile(path, whole);
      scene.strike();
      await scene.start();
      await scene.untilOpen();
      return scene.ask();
    },
  },
  {
    id: "F66",
    fault: "no file can be opened any more when the browser dies in mid-answer",
    gets: "text, then error `session_lost`",
    host: {},
    run: async (scene) => {
      const asked = await scene.askEndless();
      limit(scene, `--nofile=${await scene.gateway.openFiles()}:`);
      scene.strike();
      for (const pid of await scene.gateway.browsers()) process.kill(pid, "SIGKILL");
      await scene.gateway.says(/chromium did not start/);
      limit(scene, "--nofile=4096:");
      return asked;
    },
  },
  {
    id: "F67",
    fault: "other programs take all processor time",
    gets: "answer",
    host: { withBystander: true },
    run: async (scene) => {
      const busy = Array.from({ length: 4 * availableParallelism() }, () => spawn("sh", ["-c", "while :; do :; done"]));
      try {
        scene.strike();
        for (let count = 0; count < 5; count += 1) await scene.ask().over;
        await scene.untilSiteSaid(60);
        expect(scene.count("chromium is frozen")).toBe(0);
        const asked = scene.ask();
        await asked.over;
        return asked;
      } finally {
        for (const one of busy) one.kill("SIGKILL");
        await Promise.all(busy.map((one) => once(one, "exit")));
      }
    },
  },
  {
    id: "F68",
    fault: "nobody reads the log any more",
    gets: "answer",
    host: {
      openLog: (home) => {
        const path = join(home, "log");
        execFileSync("mkfifo", [path]);
        return openSync(path, "r+");
      },
    },
    run: async (scene) => {
      await logMuch(scene);
      scene.strike();
      return scene.ask();
    },
  },
  {
    id: "F68a",
    fault: "the disk that holds the log is full",
    gets: "answer",
    host: { openLog: () => openSync("/dev/full", "w") },
    run: async (scene) => {
      scene.strike();
      return scene.ask();
    },
  },
];
