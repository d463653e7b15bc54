/** A number from 0 to below 1. */
export type Dice = () => number;

/** Numbers from 0 to below 1, the same each time for the same seed. */
export function* random(seed: number): Generator<number, never, undefined> {
  for (let state = seed; ; state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) yield state / 2 ** 32;
}

/** One of them. @throws where there is none. */
export function pick<T>(some: readonly T[], dice: Dice): T {
  const one = some[Math.floor(dice() * some.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}
