import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { HostScene } from "./host-scene.ts";
import type { HostRow } from "./row.ts";

/** In place of Chromium: starts it, fails or hangs, as the file beside it says, and keeps count. */
const STAND_IN = `#!/bin/sh
case "$*" in *--version*) ;; *)
  echo >> "$0.starts"
  case "$(cat "$0.manner")" in fails) exit 1 ;; hangs) exec sleep 600 ;; esac
esac
exec ${process.env["BROWSER_PATH"] ?? "/usr/bin/chromium"} "$@"
`;
const LAUNCH_LIMIT_MS = 30_000;

type Manner = "starts" | "fails" | "hangs";

function standInAt(home: string): string {
  return join(home, "browser");
}

function setManner(home: string, manner: Manner): void {
  writeFileSync(`${standInAt(home)}.manner`, manner);
}

function startsOf(home: string): number {
  return readFileSync(`${standInAt(home)}.starts`, "utf8").length;
}

const THROUGH_STAND_IN = {
  settings: (home: string) => {
    setManner(home, "starts");
    writeFileSync(standInAt(home), STAND_IN, { mode: 0o755 });
    // As root, browsers run as users of their own.
    writeFileSync(`${standInAt(home)}.starts`, "");
    chmodSync(`${standInAt(home)}.starts`, 0o666);
    // The queue's forecast knows how long pages took to open, and refuses what would wait for longer than it may.
    return { BROWSER_PATH: standInAt(home), QUEUE_TIMEOUT_SECONDS: "15" };
  },
};

async function killBrowser(scene: HostScene): Promise<void> {
  scene.strike();
  for (const pid of await scene.gateway.browsers()) process.kill(pid, "SIGKILL");
}

/** A browser that does not start, or dies again and again. */
const KILLS = 20;

export const LAUNCH_ROWS: readonly HostRow[] = [
  {
    id: "F10a",
    fault: "the browser does not start for a while",
    gets: "503 `queue_timeout`",
    host: THROUGH_STAND_IN,
    run: async (scene) => {
      const startsBefore = startsOf(scene.home);
      setManner(scene.home, "fails");
      await killBrowser(scene);
      await scene.gateway.says(/chromium is gone/);
      const asked = scene.ask();
      await asked.over;
      expect([await scene.gateway.status("/readyz"), await scene.gateway.status("/livez")]).toEqual([503, 200]);
      // In five seconds: at once, after one, after two more.
      expect(startsOf(scene.home) - startsBefore).toBeLessThanOrEqual(4);
      setManner(scene.home, "starts");
      return asked;
    },
  },
  {
    id: "F11",
    fault: "the browser hangs while it starts",
    gets: "503 `queue_timeout`",
    host: THROUGH_STAND_IN,
    run: async (scene) => {
      setManner(scene.home, "hangs");
      await killBrowser(scene);
      await scene.gateway.says(/chromium is gone/);
      const asked = scene.ask();
      await scene.gateway.says(/chromium did not start/, 2 * LAUNCH_LIMIT_MS);
      setManner(scene.home, "starts");
      const hanging = async (): Promise<unknown[]> =>
        (await scene.gateway.started()).filter(({ command }) => command.startsWith("sleep"));
      await expect.poll(hanging, { interval: 10 }).toEqual([]);
      return asked;
    },
  },
  {
    id: "F60a",
    fault: "SIGTERM while the browser hangs at its start",
    gets: "503 `server_shutting_down`",
    host: { ...THROUGH_STAND_IN, settings: (home) => ({ ...THROUGH_STAND_IN.settings(home), QUEUE_LIMIT: "1" }) },
    recovers: false,
    run: async (scene) => {
      setManner(scene.home, "hangs");
      await killBrowser(scene);
      await scene.gateway.says(/chromium is gone/);
      // More than may wait: when one is turned away, another waits.
      const some = Array.from({ length: 3 }, () => scene.ask());
      await Promise.race(some.map(({ over }) => over));
      scene.gateway.signal("SIGTERM");
      await scene.stopped();
      // It did not wait until the start was given up.
      expect(scene.count("chromium did not start")).toBe(0);
      await Promise.all(some.map(({ over }) => over));
      return some.find(({ status }) => status === 503) ?? scene.ask();
    },
  },
  {
    id: "F12a",
    fault: "the browser is frozen when the gateway is told to stop",
    gets: "answer",
    host: {},
    recovers: false,
    run: async (scene) => {
      const asked = scene.ask();
      await asked.over;
      for (const pid of await scene.gateway.browsers()) process.kill(pid, "SIGSTOP");
      scene.gateway.signal("SIGTERM");
      await scene.stopped();
      return asked;
    },
  },
  {
    id: "F14a",
    fault: "the browser is killed twenty times: files, processes and folders stay level",
    gets: "answer",
    host: {},
    run: async (scene) => {
      const asked = scene.ask();
      await asked.over;
      const files = await scene.gateway.openFiles();
      for (let round = 0; round < KILLS; round += 1) {
        await killBrowser(scene);
        await scene.recovered();
      }
      // Those who ask may keep a few connections more than before. A leak would be a file per kill at least.
      await expect.poll(() => scene.gateway.openFiles()).toBeLessThan(files + KILLS / 2);
      return asked;
    },
  },
];
