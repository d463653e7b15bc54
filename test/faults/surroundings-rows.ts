import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { frailDisk, type FrailDisk } from "../support/store-disk.ts";
import type { Asked } from "./asked.ts";
import type { HostScene } from "./host-scene.ts";
import type { HostRow } from "./row.ts";

const LOOKED = { timeout: 25_000 };
const CAN_MOUNT = process.getuid?.() === 0;

/** The disk under the state of the scene that runs. */
let disk: FrailDisk | undefined;

function mountState(home: string): Disposable | undefined {
  if (!CAN_MOUNT) return undefined;
  const path = join(home, "state");
  mkdirSync(path, { mode: 0o700 });
  disk = frailDisk(path, join(home, "image"));
  return disk;
}

/** The gateway cannot write its state any more; where nobody may mount, its files may not grow. */
function setWritable(scene: HostScene, isWritable: boolean): void {
  if (!CAN_MOUNT) execFileSync("prlimit", [`--pid=${scene.gateway.pid}`, `--fsize=${isWritable ? "unlimited" : "1"}:`]);
  else if (isWritable) disk?.allow();
  else disk?.forbid();
}

async function warnings({ gateway }: HostScene): Promise<number> {
  const ready = (await (await fetch(`${gateway.url}/readyz`)).json()) as { readonly warnings: readonly string[] };
  return ready.warnings.length;
}

async function answerAfter(scene: HostScene): Promise<Asked> {
  const asked = scene.ask();
  await asked.over;
  return asked;
}

/** What stands around the gateway's process: its display, its folders. */
export const SURROUNDINGS_ROWS: readonly HostRow[] = [
  {
    id: "F61a",
    fault: "the disk that holds the state refuses every write for a while: it is said once, and mended by itself",
    gets: "answer",
    host: { prepare: mountState, simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 } },
    run: async (scene) => {
      setWritable(scene, false);
      scene.strike();
      const asked = await answerAfter(scene);
      for (let round = 0; round < 3; round += 1) await scene.ask().over;
      await expect.poll(() => warnings(scene)).toBe(1);
      expect([await scene.gateway.status("/readyz"), await scene.gateway.status("/livez")]).toEqual([200, 200]);
      expect(scene.count("the state was not stored")).toBe(1);
      setWritable(scene, true);
      await expect.poll(() => warnings(scene), LOOKED).toBe(0);
      expect(scene.count("the state is stored again")).toBe(1);
      return asked;
    },
  },
  {
    id: "F63",
    fault: "something removes the temporary folder, and the browser dies",
    gets: "answer",
    host: {},
    run: async (scene) => {
      const { gateways } = await scene.gateway.folders();
      for (const name of gateways) await rm(join(scene.home, "t", name), { recursive: true });
      scene.strike();
      for (const pid of await scene.gateway.browsers()) process.kill(pid, "SIGKILL");
      await scene.gateway.says(/chromium is gone/);
      return answerAfter(scene);
    },
  },
  {
    id: "F63a",
    fault: "the display of headed browsers is lost",
    gets: "answer",
    needs: "Xvfb",
    host: { settings: { BROWSER_MODE: "headed", DISPLAY: "", XAUTHORITY: "", QUEUE_TIMEOUT_SECONDS: "30" } },
    run: async (scene) => {
      const [, pid] = /"pid":(\d+),"display":\d+,"msg":"display started"/.exec(scene.gateway.logged) ?? [];
      if (pid === undefined) throw new Error(`there is no display: install Xvfb\n${scene.gateway.logged}`);
      scene.strike();
      process.kill(Number(pid), "SIGKILL");
      await scene.gateway.says(/chromium is gone/);
      const asked = await answerAfter(scene);
      expect(scene.count("display started")).toBe(2);
      return asked;
    },
  },
];
