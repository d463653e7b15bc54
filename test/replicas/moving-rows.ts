import { expect } from "vitest";
import { DRAINING, ENDED, OPENING_MS, TURN_MS } from "./limits.ts";
import { Load } from "./load.ts";
import type { Replica } from "./replica.ts";
import type { Row } from "./row.ts";
import type { ReplicaScene } from "./scene.ts";

const ANSWERS_LIMIT_MS = 180_000;
/** Answers while nothing is done. */
const SOME = 10;

/** Resolves when clients can connect to it, ready or not. */
async function listens({ gateway }: Replica): Promise<void> {
  const asked = (): Promise<number> =>
    fetch(`${gateway.url}/livez`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(asked).toBe(200);
}

/** The next one is stopped as soon as the one before is back. */
async function restartAll(scene: ReplicaScene, isBack: (replica: Replica) => Promise<void>): Promise<void> {
  for (const replica of scene.replicas) {
    await replica.stop();
    await replica.start();
    await isBack(replica);
  }
  scene.strike();
}

/** All accounts are on their way from one replica to another. */
export const MOVING_ROWS: readonly Row[] = [
  {
    id: "R5",
    fault: "all replicas are restarted, one after the other",
    withinMs: OPENING_MS,
    codes: ENDED,
    run: (scene) => restartAll(scene, (replica) => replica.untilReady()),
  },
  {
    id: "R17",
    fault: "all replicas are restarted, each as soon as the one before can be connected to",
    withinMs: OPENING_MS,
    codes: ENDED,
    run: (scene) => restartAll(scene, listens),
  },
  {
    id: "R18",
    fault: "the only peer of a replica ends in good order, and clients ask the replica that stays",
    withinMs: OPENING_MS,
    codes: ENDED,
    run: async (scene) => {
      const [one, two, three] = [scene.named("one"), scene.named("two"), scene.named("three")];
      await three.stop();
      await using load = new Load(one.gateway.url, scene.told);
      await load.answers(SOME, ANSWERS_LIMIT_MS);
      await two.stop();
      scene.strike();
      await load.answers(SOME, ANSWERS_LIMIT_MS);
      await load.stop(ANSWERS_LIMIT_MS);
      expect(load.own.filter(({ ending }) => ending !== "answered")).toEqual([]);
    },
  },
  {
    id: "R19",
    fault: "all replicas are stopped and started, and clients ask each before it has an account",
    withinMs: TURN_MS + OPENING_MS,
    codes: [...DRAINING, ...ENDED],
    run: async (scene) => {
      await Promise.all(scene.replicas.map((replica) => replica.stop()));
      scene.strike();
      await Promise.all(scene.replicas.map((replica) => replica.start()));
      const asked = scene.replicas.map(async (replica) => {
        await listens(replica);
        await using load = new Load(replica.gateway.url, scene.told, []);
        // The load ends what it has asked when it is disposed.
        return await load.ask("fetch, whole");
      });
      const endings = (await Promise.all(asked)).map(({ ending, message }) => `${ending} ${message}`.trim());
      expect(endings).toEqual(scene.replicas.map(() => "answered"));
    },
  },
];
