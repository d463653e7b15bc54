import { expect } from "vitest";
import type { Replica } from "./replica.ts";
import type { Row } from "./row.ts";
import type { ReplicaScene } from "./scene.ts";
import { Load } from "./load.ts";
import { LOST, OPENING_MS, TURN_MS, UNHEARD_MS } from "./limits.ts";

/** Answers that take the clients about half a minute. */
const HALF_A_MINUTE = 40;
const ANSWERS_LIMIT_MS = 180_000;

/** What clients had of a replica that is gone is lost with it. */
function strikeDoor(scene: ReplicaScene, { door }: Replica): void {
  const struckMs = performance.now();
  scene.excuse((told) => told.startedMs < struckMs && (told.door?.includes(door) ?? false));
  scene.strike();
}

async function ownsNothing(scene: ReplicaScene, replica: Replica): Promise<void> {
  const owned = async (): Promise<string[]> => {
    return [...(await scene.owners())].filter(([, owner]) => owner === replica).map(([id]) => id);
  };
  await expect.poll(owned).toEqual([]);
}

function freeze(choose: (scene: ReplicaScene) => Promise<Replica>, stop: (replica: Replica) => Promise<void>) {
  let victim: Replica | undefined;
  return {
    run: async (scene: ReplicaScene): Promise<void> => {
      victim = await choose(scene);
      scene.strike();
      await stop(victim);
    },
    afterwards: async (scene: ReplicaScene): Promise<void> => {
      if (!victim) return;
      await scene.load.answers(HALF_A_MINUTE, ANSWERS_LIMIT_MS);
      await ownsNothing(scene, victim);
    },
  };
}

/** A replica's process, as its machine and its operator treat it. */
export const PROCESS_ROWS: readonly Row[] = [
  {
    id: "R1",
    fault: "a replica is killed in mid-answer",
    withinMs: TURN_MS + OPENING_MS,
    codes: LOST,
    run: async (scene) => {
      const victim = await scene.busyReplica();
      strikeDoor(scene, victim);
      victim.gateway.signal("SIGKILL");
      await victim.gateway.ended;
    },
  },
  {
    id: "R2",
    fault: "a replica is killed before the first byte of an answer that another replica passes on",
    withinMs: TURN_MS + OPENING_MS,
    codes: LOST,
    run: async (scene) => {
      const door = scene.named("one");
      await using load = new Load(door.gateway.url, scene.told, []);
      const prompts = Array.from(
        { length: 8 },
        (_one, index) => `thought over ${index}\n@sim {"firstByteDelayMs":12000}`,
      );
      const asked = prompts.map((prompt) => load.ask("fetch, whole", prompt));
      const { owner, prompt } = await scene.untilAsked(prompts, (replica) => replica !== door);
      strikeDoor(scene, owner);
      owner.gateway.signal("SIGKILL");
      const told = (await Promise.all(asked)).find((one) => one.prompt === prompt);
      expect(told).toMatchObject({ ending: "failed", code: "replica_lost" });
      expect(scene.simulator.posts.filter((post) => post.prompt === prompt)).toHaveLength(1);
    },
  },
  {
    id: "R3",
    fault: "a replica stands still, and goes on when others have its accounts",
    withinMs: UNHEARD_MS + TURN_MS + OPENING_MS,
    codes: LOST,
    ...freeze(
      (scene) => scene.busyReplica(),
      async (victim) => victim.gateway.signal("SIGSTOP"),
    ),
  },
  {
    id: "R4",
    fault: "a replica stands still with its browsers, and goes on when others have its accounts",
    withinMs: UNHEARD_MS + TURN_MS + OPENING_MS,
    codes: LOST,
    // A frozen browser cannot break an answer off: the site sees it go on. So none is asked for that outlasts the take-over.
    ...freeze(
      async (scene) => scene.named("two"),
      (victim) => victim.gateway.signalAll("SIGSTOP"),
    ),
  },
];
