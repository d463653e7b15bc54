import { expect } from "vitest";
import type { Asked } from "./asked.ts";
import { chatBody } from "./clients.ts";
import type { Row } from "./row.ts";

const KEYS = {
  anna: "anna=sk-annas-0123456789abcdef",
  ben: "ben=sk-bens-0123456789abcdef",
  cem: "cem=sk-cems-0123456789abcdef",
};

/** More who ask than there are accounts. */
export const QUEUE_ROWS: readonly Row[] = [
  {
    id: "F58",
    fault: "background work waits in numbers when somebody asks",
    gets: "answer",
    scene: { settings: { BACKGROUND_PATTERN: "in the background" } },
    run: async (scene) => {
      const { pool } = scene.world.gateway;
      const first = await scene.askEndless();
      const background = Array.from({ length: 5 }, () => scene.ask("in the background"));
      await expect.poll(() => pool.waiting).toBe(5);
      const asked = scene.ask();
      await expect.poll(() => pool.waiting).toBe(6);
      scene.strike();
      first.leave();
      await Promise.all([asked, ...background].map(({ over }) => over));
      expect(asked.endedMs).toBeLessThan(Math.min(...background.map(({ endedMs }) => endedMs)));
      expect(background.map(({ got }) => got)).toEqual(background.map(() => "answer"));
      return asked;
    },
  },
  {
    id: "F58a",
    fault: "more ask at once than may wait",
    gets: "429 `rate_limit_exceeded`",
    scene: { settings: { QUEUE_LIMIT: "3" } },
    run: async (scene) => {
      const { pool } = scene.world.gateway;
      const first = await scene.askEndless();
      const waiting = Array.from({ length: 3 }, () => scene.ask());
      await expect.poll(() => pool.waiting).toBe(3);
      const surplus = Array.from({ length: 20 }, () => scene.ask());
      await Promise.all(surplus.map(({ over }) => over));
      expect(new Set(surplus.map(({ got }) => got)).size).toBe(1);
      expect(pool.waiting).toBe(3);
      scene.strike();
      first.leave();
      await Promise.all(waiting.map(({ over }) => over));
      expect(waiting.map(({ got }) => got)).toEqual(["answer", "answer", "answer"]);
      return surplus[0] ?? first;
    },
  },
  {
    id: "F58b",
    fault: "one key's requests wait in numbers when two others' come",
    gets: "answer",
    scene: { settings: { API_KEYS: Object.values(KEYS).join(" ") } },
    run: async (scene) => {
      const { pool } = scene.world.gateway;
      const first = await scene.askEndless();
      const ask = async (name: keyof typeof KEYS, place: number): Promise<Asked> => {
        const prompt = scene.prompt();
        const headers = { authorization: `Bearer ${KEYS[name].slice(name.length + 1)}` };
        const asked = scene.record({ prompt, send: (signal) => scene.post(chatBody(prompt), { headers, signal }) });
        await expect.poll(() => pool.waiting).toBe(place);
        return asked;
      };
      const many: Asked[] = [];
      for (let place = 1; place <= 5; place += 1) many.push(await ask("anna", place));
      const [ben, cem] = [await ask("ben", 6), await ask("cem", 7)];
      scene.strike();
      first.leave();
      await Promise.all([ben, cem, ...many].map(({ over }) => over));
      const inOrder = [many[0], ben, cem, ...many.slice(1)].map((asked) => asked?.endedMs ?? 0);
      expect(inOrder).toEqual(inOrder.toSorted((one, other) => one - other));
      return ben;
    },
  },
  {
    id: "F58c",
    fault: "a request's turn would come later than it may wait: it is told at once",
    gets: "429 `rate_limit_exceeded`",
    scene: { settings: { RATE_LIMIT: "1/12s", QUEUE_TIMEOUT_SECONDS: "3" } },
    run: async (scene) => {
      await scene.ask().over;
      scene.strike();
      const asked = scene.ask();
      await asked.over;
      expect(asked.shouldRetry).toBe("true");
      return asked;
    },
  },
];
