import { setTimeout } from "node:timers/promises";

const LOOK_EVERY_MS = 10;
/** So many looks in a row must see the same. */
const STILL_LOOKS = 100;

/** Resolves when it holds; works outside a test, too. @throws when the limit is over, naming what was waited for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await setTimeout(LOOK_EVERY_MS);
  }
}

/** Resolves when a figure has begun to grow, and then to stand still for a second. @throws when the limit is over. */
export async function untilStill(what: string, figure: () => number, limitMs: number): Promise<void> {
  let last = 0;
  let same = 0;
  const isStill = (): boolean => {
    const now = figure();
    same = now === last ? same + 1 : 0;
    last = now;
    return now > 0 && same >= STILL_LOOKS;
  };
  await until(`no more ${what}`, isStill, limitMs);
}
