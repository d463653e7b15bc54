import { expect } from "vitest";
import type { Row } from "./row.ts";

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
];
