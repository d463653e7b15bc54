import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { ENDED, LOST, OPENING_MS } from "./limits.ts";
import { Load } from "./load.ts";
import type { Row } from "./row.ts";
import type { ReplicaScene } from "./scene.ts";

const ANSWERS_LIMIT_MS = 180_000;
const HOUR_S = 3_600;

/** How far a replica's clock is ahead of this one's, in seconds. */
async function aheadS(scene: ReplicaScene): Promise<number> {
  const response = await fetch(`${scene.named("two").gateway.url}/livez`);
  return (Date.parse(response.headers.get("date") ?? "") - Date.now()) / 1_000;
}

/** What an operator does, and what clocks do. */
export const OPERATOR_ROWS: readonly Row[] = [
  {
    id: "R13",
    fault: "a replica's clock is set forward by an hour, then back by two",
    withinMs: OPENING_MS,
    codes: ENDED,
    run: async (scene) => {
      const replica = scene.named("two");
      const file = join(scene.home, "clock");
      await writeFile(file, "+0");
      await replica.stop();
      await replica.start({
        LD_PRELOAD: process.env["FAKETIME_LIBRARY"] ?? "",
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_CACHE_DURATION: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      });
      await replica.untilReady();
      scene.strike();
      await scene.allServe();
      await writeFile(file, `+${HOUR_S}`);
      await expect.poll(() => aheadS(scene)).toBeGreaterThan(HOUR_S / 2);
      scene.strike();
      await scene.allServe();
      await writeFile(file, `-${HOUR_S}`);
      await expect.poll(() => aheadS(scene)).toBeLessThan(-HOUR_S / 2);
      scene.strike();
    },
    afterwards: async (scene) => {
      const replica = scene.named("two");
      await replica.stop();
      await replica.start();
    },
  },
  {
    id: "R14",
    fault: "an account is added on one replica, disabled on another and removed on the third",
    withinMs: OPENING_MS,
    codes: LOST,
    run: async (scene) => {
      const id = "newcomer";
      const [one, two, three] = [scene.named("one"), scene.named("two"), scene.named("three")];
      scene.strike();
      const added = await one.operate("/accounts", "POST", { id, credential: scene.simulator.addAccount(id) });
      expect([added.status, await added.text()]).toEqual([201, expect.anything()]);
      await scene.allServe([id]);
      const disabled = await two.operate(`/accounts/${id}/disable`, "POST", {});
      expect([disabled.status, await disabled.text()]).toEqual([200, expect.anything()]);
      // Its last answer goes on, and may not have reached the site yet.
      const shown = async (): Promise<unknown> => (await three.operate(`/accounts/${id}`)).json();
      await expect.poll(shown).toMatchObject({ state: "disabled", isAnswering: false });
      const asked = (): number => scene.simulator.posts.filter(({ account }) => account === id).length;
      const before = asked();
      await scene.load.answers(20, ANSWERS_LIMIT_MS);
      expect(asked()).toBe(before);
      expect((await three.operate(`/accounts/${id}`, "DELETE")).status).toBe(200);
      const known = async (): Promise<boolean[]> => {
        const lists = await Promise.all(scene.replicas.map((replica) => replica.operate("/accounts")));
        return Promise.all(lists.map(async (list) => (await list.text()).includes(id)));
      };
      await expect.poll(known).toEqual([false, false, false]);
    },
  },
  {
    id: "R15",
    fault: "a replica is started with another SECRET_KEY",
    withinMs: OPENING_MS,
    codes: [],
    run: async (scene) => {
      scene.strike();
      await using stranger = await scene.another("stranger");
      const gateway = await stranger.start({ SECRET_KEY: "another secret key, of thirty-two bytes or more" });
      const { code } = await gateway.ended;
      expect([code, stranger.logged]).toEqual([1, expect.stringContaining("SECRET_KEY")]);
    },
  },
  {
    id: "R16",
    fault: "a replica without pages joins, and clients ask it",
    withinMs: OPENING_MS,
    codes: [],
    run: async (scene) => {
      scene.strike();
      await using door = await scene.another("door");
      await door.start({ MAX_OPEN_SESSIONS: "0" });
      await door.untilReady();
      await using load = new Load(door.gateway.url, scene.told);
      await load.answers(20, ANSWERS_LIMIT_MS);
      await load.stop(ANSWERS_LIMIT_MS);
      await door.stop();
    },
  },
];
