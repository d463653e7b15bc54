import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { random } from "../faults/random.ts";
import { PostgresServer } from "../support/postgres-server.ts";
import { openGateway, type GatewayPath } from "./paths.ts";
import type { Site } from "./site.ts";
import { percentile, table } from "./statistics.ts";

export const PACED = 12;
const SENDS = 2;
const WINDOW_MS = 6_000;
const LOAD = 0.85;
const ARRIVALS = 900;
const SECRET_KEY = "a secret key for benchmarks, of thirty-two bytes";
/** Every account has answered twice then. */
const WARM_UP = PACED * SENDS;
const SHAPES = [
  { name: "one replica", path: "waits-one", count: 1 },
  { name: "three replicas", path: "waits-three", count: 3 },
];
export const WAITING_PATHS = SHAPES.map(({ path }) => path);

/** How long requests wait for accounts with a pace when they come at random, at the same load. */
export async function measureWaits(site: Site, stateDir: string): Promise<string> {
  await using server = await PostgresServer.start();
  const rows: string[][] = [];
  for (const { name, path, count } of SHAPES) {
    await using replicas = new AsyncDisposableStack();
    const shared = { DATABASE_URL: await server.createDatabase(), SECRET_KEY };
    const settings = { ...shared, RATE_LIMIT: `${SENDS}/${WINDOW_MS}ms`, QUEUE_TIMEOUT_SECONDS: "300" };
    const starting = Array.from({ length: count }, (_, index) =>
      openGateway(site.upstreamOf(path, PACED), join(stateDir, `${path}-${index}`), settings, 0),
    );
    const paths = await Promise.all(starting);
    for (const one of paths) replicas.use(one);
    await Promise.all(Array.from({ length: WARM_UP }, (_, number) => firstToken(paths, number)));
    await delay(WINDOW_MS);
    const waitsMs = await arrive(paths);
    const mean = waitsMs.reduce((sum, ms) => sum + ms, 0) / waitsMs.length;
    rows.push([
      name,
      ...[mean, percentile(waitsMs, 0.95), percentile(waitsMs, 0.99)].map((ms) => (ms / 1_000).toFixed(2)),
    ]);
  }
  const title = `${PACED} accounts at ${SENDS}/${WINDOW_MS / 1_000}s, load ${LOAD}, ${ARRIVALS} requests: seconds until the first token`;
  return `${title}\n\n${table(["", "mean", "p95", "p99"], rows)}`;
}

/** The same arrivals for every shape; each goes to a replica in turn. */
async function arrive(paths: readonly GatewayPath[]): Promise<number[]> {
  const dice = random(20);
  const meanGapMs = WINDOW_MS / (PACED * SENDS * LOAD);
  const waitsMs: number[] = [];
  const asking: Promise<void>[] = [];
  for (let number = 0; number < ARRIVALS; number += 1) {
    await delay(-meanGapMs * Math.log(1 - dice.next().value));
    asking.push(firstToken(paths, number).then((ms) => void waitsMs.push(ms)));
  }
  await Promise.all(asking);
  return waitsMs;
}

async function firstToken(paths: readonly GatewayPath[], number: number): Promise<number> {
  const startedMs = performance.now();
  let ms: number | undefined;
  const parts = paths[number % paths.length]?.ask(`request ${number}`, 0) ?? [];
  for await (const piece of parts) if (piece !== "") ms ??= performance.now() - startedMs;
  if (ms === undefined) throw new Error(`request ${number} got no text`);
  return ms;
}
