import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import OpenAI from "openai";
import { expect } from "vitest";
import { API_KEY } from "../support/api-key.ts";
import type { Post } from "../../src/simulator/record.ts";
import type { Asked, Told } from "./asked.ts";
import { chatBody } from "./clients.ts";
import { random } from "./random.ts";
import type { Row } from "./row.ts";
import type { Scene } from "./scene.ts";
import { untilStill } from "./until.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const FLOOD = { hugeBytes: 500_000_000 };
const UNLIMITED = { settings: { MAX_REPLY_BYTES: "1073741824" } };

function postOf(scene: Scene, asked: Asked): Promise<Post> {
  return scene.world.simulator.waitForPost(({ prompt }) => prompt === asked.prompt, 30_000);
}

/** Resolves when the site works for nobody on record any more, and nobody waits. */
async function untilQuiet({ asked, world: { simulator, gateway } }: Scene): Promise<void> {
  const prompts = new Set(asked.map(({ prompt }) => prompt));
  const running = (): Post[] =>
    simulator.posts.filter(({ prompt, finishedAt }) => finishedAt === undefined && prompts.has(prompt));
  await expect.poll(() => [running(), gateway.pool.waiting]).toEqual([[], 0]);
}

/** A client that reads the first of a flood, and nothing more until it is let on. */
function holdFlood(scene: Scene): { readonly asked: Asked; readonly letOn: () => void } {
  const gate = Promise.withResolvers<void>();
  const prompt = scene.prompt(FLOOD);
  const send = async (signal: AbortSignal): Promise<Told> => {
    const { status, headers, body } = await scene.post(chatBody(prompt, true), { signal });
    signal.addEventListener("abort", () => gate.resolve());
    return { status, headers, body: held(body ?? [], gate.promise) };
  };
  return { asked: scene.record({ prompt, send }), letOn: gate.resolve };
}

async function* held(body: AsyncIterable<unknown> | readonly unknown[], gate: Promise<void>): AsyncGenerator {
  for await (const bytes of body) {
    yield bytes;
    await gate;
  }
}

/** What this process holds once its garbage is collected; the gateway runs in it. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const REST_LIMIT_MS = 60_000;

/** Resolves when the site's flow has come to rest, with what it had sent by then. */
async function restOf(scene: Scene, asked: Asked): Promise<number> {
  const post = await postOf(scene, asked);
  await untilStill("bytes", () => post.bytesSent, REST_LIMIT_MS);
  return post.bytesSent;
}

/** What clients do with their requests. */
export const CLIENT_ROWS: readonly Row[] = [
  {
    id: "F39",
    fault: "forty clients leave at any moment",
    gets: "left",
    scene: { settings: { QUEUE_TIMEOUT_SECONDS: "30" } },
    run: async (scene) => {
      scene.strike();
      const moments = random(39);
      const { posts } = scene.world.simulator;
      const before = posts.length;
      const asked = Array.from({ length: 40 }, () => scene.ask({ chunks: 5, chunkText: "tick " }));
      await expect.poll(() => posts.length - before + scene.world.gateway.pool.waiting).toBe(40);
      for (const [index, one] of asked.entries()) {
        const leave = (): void => one.leave();
        // Chance alone may find nobody in mid-answer, or nobody answered.
        if (index % 10 === 0) void one.begun().then(leave);
        else if (index % 10 === 5) void one.over.then(leave);
        else setTimeout(leave, 2_000 * moments.next().value);
      }
      await Promise.all(asked.map(({ over }) => over));
      await untilQuiet(scene);
      // While waiting, while being answered, and too late to matter.
      const met = asked.find(({ ending, text }) => ending === "left" && text !== "");
      expect(asked.some(({ ending, status }) => ending === "left" && status === undefined)).toBe(true);
      expect(asked.some(({ ending }) => ending === "answered")).toBe(true);
      if (!met) throw new Error("nobody left in mid-answer");
      return met;
    },
  },
  {
    id: "F39a",
    fault: "a client leaves while it waits for an account",
    gets: "left",
    run: async (scene) => {
      const blocking = await scene.askEndless();
      const asked = scene.ask();
      await expect.poll(() => scene.world.gateway.pool.waiting).toBe(1);
      scene.strike();
      asked.leave();
      await expect.poll(() => scene.world.gateway.pool.waiting).toBe(0);
      blocking.leave();
      await untilQuiet(scene);
      expect(scene.world.simulator.posts.map(({ prompt }) => prompt)).not.toContain(asked.prompt);
      return asked;
    },
  },
  {
    id: "F39b",
    fault: "a client leaves before the answer begins",
    gets: "left",
    run: async (scene) => {
      const asked = scene.ask({ delayMs: 60_000 });
      const { id } = await postOf(scene, asked);
      scene.strike();
      asked.leave();
      await scene.world.simulator.waitForAbort((post) => post.id === id, 30_000);
      return asked;
    },
  },
  {
    id: "F39c",
    fault: "a client leaves in mid-answer; the account is free at once",
    gets: "left",
    run: async (scene) => {
      const asked = await scene.askEndless();
      const { id } = await postOf(scene, asked);
      scene.strike();
      asked.leave();
      await scene.world.simulator.waitForAbort((post) => post.id === id, 30_000);
      const { pool } = scene.world.gateway;
      await expect.poll(() => pool.states.filter(({ state }) => state === "ready"), { interval: 5 }).toHaveLength(1);
      return asked;
    },
  },
  {
    id: "F40",
    fault: "a client reads nothing for a while: the site's flow stops, and goes on with it",
    gets: "left",
    scene: UNLIMITED,
    run: async (scene) => {
      const before = heldBytes();
      const { asked, letOn } = holdFlood(scene);
      const restBytes = await restOf(scene, asked);
      // Chromium takes 64 MiB in advance, by measure; the gateway next to nothing.
      expect(restBytes).toBeLessThan(100_000_000);
      expect(heldBytes() - before).toBeLessThan(50_000_000);
      scene.strike();
      letOn();
      const post = await postOf(scene, asked);
      await expect.poll(() => post.bytesSent).toBeGreaterThan(restBytes);
      asked.leave();
      return asked;
    },
  },
  {
    id: "F41",
    fault: "a client leaves of which the gateway waits that it reads",
    gets: "left",
    scene: UNLIMITED,
    run: async (scene) => {
      const { asked } = holdFlood(scene);
      await restOf(scene, asked);
      scene.strike();
      asked.leave();
      await untilQuiet(scene);
      return asked;
    },
  },
  {
    id: "F42",
    fault: "twenty SDKs would ask three times each while the site fails; each asks once",
    gets: "502 `site_failed`",
    // Each must have had its turn by then.
    scene: { settings: { QUEUE_TIMEOUT_SECONDS: "10" } },
    run: async (scene) => {
      scene.strike();
      const asked = await Promise.all(Array.from({ length: 20 }, () => askWithSdk(scene, { status: 500 })));
      expect(asked.flat()).toHaveLength(20);
      return asked.flat()[0] as Asked;
    },
  },
  {
    id: "F42a",
    fault: "an SDK is told that the line is full, and asks again when there is room",
    gets: "answer",
    scene: { settings: { QUEUE_LIMIT: "0" } },
    run: async (scene) => {
      const blocking = await scene.askEndless();
      const asking = askWithSdk(scene, {});
      await expect.poll(() => scene.asked.at(-1)?.got).toBe("429 `rate_limit_exceeded`");
      scene.strike();
      blocking.leave();
      const asked = await asking;
      expect(asked.map(({ got }) => got)).toEqual(["429 `rate_limit_exceeded`", "answer"]);
      return asked[1] as Asked;
    },
  },
  {
    id: "F42b",
    fault: "a client sends the same request again while it is answered",
    gets: "answer",
    run: async (scene) => {
      scene.strike();
      const prompt = scene.prompt({ chunks: 10, chunkDelayMs: 30, chunkText: "tick " });
      const send = (signal: AbortSignal): Promise<Told> =>
        scene.post(chatBody(prompt, true), { signal, headers: { "idempotency-key": "the same" } });
      const first = scene.record({ prompt, send });
      await first.begun();
      const second = scene.record({ prompt, send });
      await Promise.all([first.over, second.over]);
      expect(second.text).toBe(first.text);
      expect(scene.world.simulator.posts.filter((post) => post.prompt === prompt)).toHaveLength(1);
      return second;
    },
  },
];

/** Asks with the official SDK and its own retries; resolves with each request that it made. */
async function askWithSdk(scene: Scene, wanted: object): Promise<Asked[]> {
  const prompt = scene.prompt(wanted);
  const asked: Asked[] = [];
  const client = new OpenAI({
    apiKey: API_KEY,
    baseURL: `${scene.world.gateway.url}/v1`,
    maxRetries: 2,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const copy = response.clone() as unknown as Told;
      asked.push(scene.record({ prompt, send: () => Promise.resolve(copy) }));
      return response;
    },
  });
  await client.chat.completions
    .create({ model: "gptomni", messages: [{ role: "user", content: prompt }] })
    .catch((cause: unknown) => expect(cause).toBeInstanceOf(OpenAI.APIError));
  await Promise.all(asked.map(({ over }) => over));
  return asked;
}
