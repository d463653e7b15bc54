/**
 * `npm run fuzz -- MINUTES [SEED]` sends what may be hard to answer, then has the site's pages attack for as long, and
 * prints what it tried, the seed, and the longest stall of the gateway's event loop beside that of an idle one in the same
 * run. `npm run fuzz -- pages MINUTES [SEED]` has the pages only. `npm run fuzz -- attacks` tries the attacks of
 * `docs/security.md`, and prints their table.
 */
import fc from "fast-check";
import { DIALECTS } from "./dialects.ts";
import { hostileRequests } from "./hostile.ts";
import { changed, changes } from "./mutations.ts";
import { attack } from "./attacks.ts";
import { LivezProbe } from "../support/livez-probe.ts";
import { FuzzProcess } from "./fuzz-process.ts";
import { fuzzPages } from "./report-pages.ts";

const ANSWER_LIMIT_MS = 30_000;
const BATCH = 50;

const mutated = fc
  .constantFrom(...DIALECTS)
  .chain(({ path, bodies }) =>
    fc
      .tuple(fc.constantFrom(...bodies), changes(bodies))
      .map(([body, steps]) => ({ kind: `a changed body to ${path}`, path, body: changed(body, steps) as unknown })),
  );
const requests = fc.oneof({ weight: 1, arbitrary: mutated }, { weight: 2, arbitrary: hostileRequests });

interface Tried {
  count: number;
  worstMs: number;
  statuses: Set<number>;
}

async function fuzz(minutes: number, seed: number): Promise<number> {
  using gateway = await FuzzProcess.start();
  using idle = await FuzzProcess.start();
  await using probe = new LivezProbe();
  probe.watch(gateway.url);
  const tried = new Map<string, Tried>();
  const failures: string[] = [];
  let idleMs = 0;
  const untilMs = performance.now() + minutes * 60_000;
  for (let batch = 0; performance.now() < untilMs && failures.length === 0; batch += 1) {
    for (const { kind, path, body } of fc.sample(requests, { seed: seed + batch, numRuns: BATCH })) {
      const { status, text } = await gateway.ask(path, body, ANSWER_LIMIT_MS);
      const health = await gateway.health(ANSWER_LIMIT_MS);
      const row = tried.get(kind) ?? { count: 0, worstMs: 0, statuses: new Set() };
      tried.set(kind, row);
      row.count += 1;
      row.statuses.add(status);
      row.worstMs = Math.max(row.worstMs, health?.stallMs ?? Infinity);
      if (status === 0 || status === 500 || !health || text.includes("unexpected error")) {
        failures.push(`${kind}: ${status} ${text.slice(0, 300)}\n${path} ${JSON.stringify(body).slice(0, 2_000)}`);
        break;
      }
      if (performance.now() > untilMs) break;
    }
    idleMs = Math.max(idleMs, (await idle.health(ANSWER_LIMIT_MS))?.stallMs ?? 0);
  }
  const rows = [...tried].sort(([, one], [, other]) => other.worstMs - one.worstMs);
  for (const [kind, { count, worstMs, statuses }] of rows) {
    console.log(
      `${worstMs.toFixed(0).padStart(6)} ms  ${String(count).padStart(6)} × ${kind} (${[...statuses].join(", ")})`,
    );
  }
  const total = rows.reduce((sum, [, { count }]) => sum + count, 0);
  console.log(
    `\n${total} requests, seed ${seed}. Longest stall: ${rows[0]?.[1].worstMs.toFixed(0)} ms; of an idle event loop in the same run: ${idleMs.toFixed(0)} ms.`,
  );
  const { livezMs, idleMs: machineMs } = await probe.longest();
  console.log(
    `Longest GET /livez: ${livezMs.toFixed(0)} ms; a thread with nothing to do meanwhile: ${machineMs.toFixed(0)} ms.`,
  );
  for (const failure of failures) console.error(`\nFAILED ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

function seedOf(text = String(Date.now() % 2 ** 31)): number {
  return Number(text);
}

const [wanted = "1", ...further] = process.argv.slice(2);
if (wanted === "attacks") console.log(await attack(further[0]));
else if (wanted === "pages") process.exitCode = await fuzzPages(Number(further[0] ?? "1"), seedOf(further[1]));
else {
  const [minutes, seed] = [Number(wanted), seedOf(further[0])];
  process.exitCode = (await fuzz(minutes, seed)) || (await fuzzPages(minutes, seed));
}
