import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { endure } from "./endure.ts";
import { STREAMS, formatMs, measure, ratio, type Figures } from "./measure.ts";
import { openFloor, openGateway, openUndici, type Upstream } from "./paths.ts";
import { SLEEPERS, SLEEPY_SETTINGS, timeWaking, weighSleep } from "./hibernation.ts";
import { CREDENTIALS, schedule, SCHEDULING_SETTINGS } from "./scheduling.ts";
import { median, table } from "./statistics.ts";

const ENDURANCE_ACCOUNTS = 5;
const browserPath = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";

/**
 * What is measured, in one run and on one machine; only the parts that are named, if any are: a bare HTTP client, the
 * floor and the gateway against the simulated site, with their ratios · 1,000 requests in a row, for lost or mixed answers
 * and for growth · many accounts over few pages · sessions asleep.
 */
const PARTS: Readonly<Record<string, (site: Site, stateDir: string) => Promise<string>>> = {
  paths: compare,
  endurance: async (site, stateDir) => {
    await using path = await openGateway(upstreamOf(site, "endurance", ENDURANCE_ACCOUNTS), stateDir);
    return await endure(path, ENDURANCE_ACCOUNTS);
  },
  scheduling: async (site, stateDir) => {
    await using path = await openGateway(upstreamOf(site, "scheduling", CREDENTIALS), stateDir, SCHEDULING_SETTINGS);
    return await schedule(path);
  },
  hibernation: async (site, stateDir) => {
    const weights = await weighSleep(upstreamOf(site, "hibernation", SLEEPERS), browserPath);
    const bare = upstreamOf(site, "waking", 1);
    await using path = await openGateway(bare, stateDir, SLEEPY_SETTINGS);
    return `${weights}\n\n${await timeWaking(path, bare, browserPath)}`;
  },
};

type Site = Omit<Upstream, "cookies"> & { readonly cookies: Readonly<Record<string, string>> };

function report([undici, floor, gateway]: readonly [Figures, Figures, Figures]): string {
  const row = (name: string, pick: (figures: Figures) => string, verdict = ""): string[] => {
    return [name, pick(undici), pick(floor), pick(gateway), verdict];
  };
  const toFloor = (pick: (figures: Figures) => readonly number[]): string =>
    `${ratio(pick(gateway), pick(floor))} of floor`;
  const toUndici = (pick: (figures: Figures) => readonly number[]): string =>
    `${ratio(pick(gateway), pick(undici))} of undici`;
  return table(
    ["", "undici", "floor", "gateway", "gateway is"],
    [
      row(
        "first token p50, ms",
        (one) => formatMs(one.firstTokenMs, 0.5),
        toFloor((one) => one.firstTokenMs),
      ),
      row("first token p99, ms", (one) => formatMs(one.firstTokenMs, 0.99)),
      row(
        "chunk lag p50, 1 stream, ms",
        (one) => formatMs(one.lagMs, 0.5),
        toFloor((one) => one.lagMs),
      ),
      row("chunk lag p99, 1 stream, ms", (one) => formatMs(one.lagMs, 0.99)),
      row(
        "chunk lag p50, 20 streams, ms",
        (one) => formatMs(one.lagOf20Ms, 0.5),
        toFloor((one) => one.lagOf20Ms),
      ),
      row("chunk lag p99, 20 streams, ms", (one) => formatMs(one.lagOf20Ms, 0.99)),
      row("20 streams / 1 stream, time", (one) => median(one.crowding).toFixed(2)),
      row(
        "one fast stream, MB/s",
        (one) => (median(one.bytesPerSecond) / 1e6).toFixed(1),
        toUndici((one) => one.bytesPerSecond),
      ),
    ],
  );
}

function namesOf(path: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${path}-${index + 1}`);
}

/** Each path has accounts of its own: a token that another one's browser rotated away would be signed out. */
function upstreamOf(site: Site, path: string, count: number): Upstream {
  return { ...site, cookies: namesOf(path, count).map((name) => site.cookies[name] ?? "") };
}

async function compare(site: Site, stateDir: string): Promise<string> {
  await using undici = openUndici(upstreamOf(site, "undici", STREAMS));
  await using floor = await openFloor(upstreamOf(site, "floor", STREAMS), browserPath);
  await using gateway = await openGateway(upstreamOf(site, "gateway", STREAMS), stateDir);
  return report((await measure([undici, floor, gateway])) as [Figures, Figures, Figures]);
}

async function main(): Promise<void> {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  const parts = Object.entries(PARTS).filter(([name]) => named.length === 0 || named.includes(name));
  const names = [
    ...["undici", "floor", "gateway", "endurance"].flatMap((path) => namesOf(path, STREAMS)),
    ...namesOf("scheduling", CREDENTIALS),
    ...namesOf("hibernation", SLEEPERS),
    ...namesOf("waking", 1),
  ];
  const worker = new Worker(new URL("simulator-worker.ts", import.meta.url), { workerData: names });
  const [site] = (await once(worker, "message")) as [Site];
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-bench-"));
  try {
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}\n`);
    for (const [, measurePart] of parts) console.log(`${await measurePart(site, stateDir)}\n`);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
    await worker.terminate();
  }
}

await main();
