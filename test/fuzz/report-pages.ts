import fc from "fast-check";
import { nameOf, PageFuzz, pageRounds } from "./page-fuzz.ts";

const BATCH = 20;
/** Short, for many rounds. */
const LIMITS = { requestSeconds: 20, partSeconds: 8 };

/** Tries hostile pages, alone and together, and prints each round; 1 where something was that must not be. */
export async function fuzzPages(minutes: number, seed: number): Promise<number> {
  await using fuzz = await PageFuzz.start(LIMITS);
  const untilMs = performance.now() + minutes * 60_000;
  const failures: string[] = [];
  let worst = { name: "none", livezMs: 0, idleMs: 0 };
  let [rounds, mostMib] = [0, 0];
  for (let batch = 0; performance.now() < untilMs && failures.length === 0; batch += 1) {
    for (const round of fc.sample(pageRounds, { seed: seed + batch, numRuns: BATCH })) {
      const name = nameOf(round);
      const { got, livezMs, idleMs, growthMib, broken } = await fuzz.try(round);
      rounds += 1;
      mostMib = Math.max(mostMib, growthMib);
      if (livezMs > worst.livezMs) worst = { name, livezMs, idleMs };
      console.log(
        `${livezMs.toFixed(0).padStart(6)} ms (${idleMs.toFixed(0)} idle)  +${growthMib.toFixed(0)} MiB  ${name} (${got.join(", ")})`,
      );
      failures.push(...broken.map((one) => `${name}: ${one}`));
      if (performance.now() > untilMs || failures.length > 0) break;
    }
  }
  failures.push(...(await fuzz.secretsFound()).map((secret) => `a process of Chromium's has ${secret}`));
  console.log(
    `\n${rounds} rounds of hostile pages, seed ${seed}. Longest GET /livez: ${worst.livezMs.toFixed(0)} ms, an idle event loop meanwhile: ${worst.idleMs.toFixed(0)} ms, with ${worst.name}. Most memory: +${mostMib.toFixed(0)} MiB.`,
  );
  for (const failure of failures) console.error(`\nFAILED ${failure}`);
  return failures.length === 0 ? 0 : 1;
}
