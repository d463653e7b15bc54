import { expect } from "vitest";
import { NO_DATABASE, LOST, OPENING_MS, TURN_MS, UNHEARD_MS } from "./limits.ts";
import type { Replica } from "./replica.ts";
import type { Row } from "./row.ts";
import type { ReplicaScene } from "./scene.ts";

const FENCED_ANSWER = 503;

async function allFenced(scene: ReplicaScene): Promise<void> {
  const readiness = (): Promise<number[]> => Promise.all(scene.replicas.map((replica) => replica.readiness()));
  await expect.poll(readiness).toEqual(scene.replicas.map(() => FENCED_ANSWER));
}

/** Breaks wires of a replica that answers at that moment, and waits until the replica is fenced. */
function cutOff(breakWires: (victim: Replica) => void): Row["run"] {
  return async (scene) => {
    const victim = await scene.busyReplica();
    scene.strike();
    breakWires(victim);
    await expect.poll(() => victim.readiness()).toBe(FENCED_ANSWER);
  };
}

/** What connects replicas: PostgreSQL, and the wires between them. */
export const WIRE_ROWS: readonly Row[] = [
  {
    id: "R6",
    fault: "nothing passes any more between a replica and PostgreSQL, and no connection ends",
    withinMs: UNHEARD_MS + TURN_MS + OPENING_MS,
    codes: NO_DATABASE,
    run: cutOff(({ database }) => database.stall()),
  },
  {
    id: "R7",
    fault: "nothing passes any more between a replica and all others, clients left aside",
    withinMs: UNHEARD_MS + TURN_MS + OPENING_MS,
    codes: NO_DATABASE,
    run: cutOff(({ database, peers }) => {
      database.stall();
      peers.stall();
    }),
  },
  {
    id: "R8",
    fault: "PostgreSQL refuses one replica",
    withinMs: TURN_MS + OPENING_MS,
    codes: NO_DATABASE,
    run: cutOff(({ database }) => database.refuse()),
  },
  {
    id: "R9",
    fault: "no peer reaches one replica",
    withinMs: OPENING_MS,
    codes: [...LOST, "queue_timeout"],
    run: async (scene) => {
      scene.strike();
      scene.named("two").peers.stall();
    },
  },
  {
    id: "R10",
    fault: "no replica reaches another one",
    withinMs: OPENING_MS,
    codes: [...LOST, "queue_timeout"],
    run: async (scene) => {
      scene.strike();
      for (const replica of scene.replicas) replica.peers.refuse();
    },
  },
  {
    id: "R11",
    fault: "PostgreSQL is restarted",
    withinMs: TURN_MS + OPENING_MS,
    codes: NO_DATABASE,
    run: async (scene) => {
      await scene.busyReplica();
      await scene.database.stop();
      await allFenced(scene);
      await scene.allQuiet();
      await scene.database.restart();
      scene.strike();
    },
  },
  {
    id: "R12",
    fault: "PostgreSQL stands still, and goes on",
    withinMs: TURN_MS + OPENING_MS,
    codes: NO_DATABASE,
    run: async (scene) => {
      await scene.busyReplica();
      await scene.database.freeze();
      await allFenced(scene);
      await scene.allQuiet();
      await scene.database.thaw();
      scene.strike();
    },
  },
];
