import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { random } from "../faults/random.ts";
import { acquainted } from "./asking.ts";
import { openCluster, type Script } from "./replicas.ts";

const REQUESTS = 200;
const EXPECTED = new Set(["answered", "client_closed", "replica_lost", "replica_unavailable"]);

/** Says its prompt in three pieces, after a moment each. */
const slowly: Script = async function* (prompt, _account, signal) {
  for (const piece of ["You ", "said: ", prompt]) {
    await delay(2, undefined, { signal });
    yield { type: "text-delta", text: piece };
  }
  yield { type: "end", finishReason: "stop" };
};

test.each([1, 2, 9])(
  "whatever breaks and whoever leaves, each prompt is sent once and each request ends (seed %i)",
  async (seed) => {
    const names = [["alice", "anna"], ["bob", "ben"], ["carol"], []];
    const cluster = await openCluster({ accounts: names, script: slowly });
    await acquainted(cluster);
    const dice = random(seed);
    const next = (): number => dice.next().value;
    const outcomes: string[] = [];
    const ask = async (number: number): Promise<void> => {
      const door = cluster.replicas[Math.floor(next() * cluster.replicas.length)] ?? cluster.replicas[0];
      const client = new AbortController();
      if (next() < 0.3) {
        const leaving = new GatewayError("client_closed", "The client has left.");
        setTimeout(() => client.abort(leaving), next() * 60);
      }
      const caller = { keyId: `key ${number % 3}`, isBackground: next() < 0.1 };
      const outcome = await door.text(`prompt ${number}`, { caller, signal: client.signal }).then(
        (text) => (text === `You said: prompt ${number}` ? "answered" : `a wrong answer: ${text}`),
        (cause: unknown) => GatewayError.from(cause).code,
      );
      outcomes[number] = outcome;
    };
    const asked: Promise<void>[] = [];
    for (let number = 0; number < REQUESTS; number += 1) {
      asked.push(ask(number));
      await delay(next() * 6);
      if (next() < 0.05) cluster.replicas[Math.floor(next() * 3)]?.wire.cut();
    }
    await Promise.all(asked);
    expect(outcomes.filter((outcome) => !EXPECTED.has(outcome))).toEqual([]);
    expect(outcomes.filter((outcome) => outcome === "answered").length).toBeGreaterThan(REQUESTS / 3);
    const sent = Map.groupBy(cluster.posts, ({ prompt }) => prompt);
    const wrong = outcomes.flatMap((outcome, number) => {
      const times = sent.get(`prompt ${number}`)?.length ?? 0;
      const isRight = outcome === "answered" ? times === 1 : times <= 1;
      return isRight ? [] : [`prompt ${number}: ${outcome}, sent ${times} times`];
    });
    expect(wrong).toEqual([]);
    expect(cluster.overlap()).toBe(1);
    const states = () => cluster.replicas.flatMap(({ pool }) => pool.states.map(({ state }) => state));
    await expect.poll(states).toEqual(["ready", "ready", "ready", "ready", "ready"]);
    expect(cluster.replicas.map(({ pool }) => pool.waiting)).toEqual([0, 0, 0, 0]);
    await acquainted(cluster);
    for (const door of cluster.replicas) expect(await door.text("last")).toBe("You said: last");
    expect(cluster.logged).toEqual([]);
  },
);
