import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { measureConsole } from "./console.ts";
import { measureWaits, PACED, WAITING_PATHS } from "./cluster-waits.ts";
import { endure } from "./endure.ts";
import { STREAMS, formatMs, measure, ratio, type Figures } from "./measure.ts";
import { openFloor, openGateway, openUndici } from "./paths.ts";
import { measureOpenConsole } from "./open-console.ts";
import { measureForwarding, FORWARDED } from "./forwarding.ts";
import { SLEEPERS, SLEEPY_SETTINGS, timeWaking, weighSleep } from "./hibernation.ts";
import { OPEN_PAGES } from "./page-memory.ts";
import { measureForPlots } from "./plots.ts";
import { MANY, measureReplicas, SHAPES } from "./replicas.ts";
import { CREDENTIALS, schedule, schedulingReport, SCHEDULING_SETTINGS } from "./scheduling.ts";
import { accountsOf, Site } from "./site.ts";
import { measureSizes, pathOf, SIZES } from "./sizes.ts";
import { median, table } from "./statistics.ts";

const ENDURANCE_ACCOUNTS = 5;
const browserPath = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";

/**
 * What is measured, in one run and on one machine. `npm run bench` measures the parts that need not be named, `npm run bench -- NAME` the
 * named ones. paths: a bare HTTP client, the floor and the gateway, with their ratios · endurance: 1,000 requests, for lost or
 * mixed answers and for growth · scheduling: many accounts over few pages · hibernation: idle sessions · console: a full store, and an open console · plots: figures for docs · replicas, sizes, forwarding,
 * waits: several replicas on PostgreSQL.
 */
const PARTS: Readonly<Record<string, (site: Site, stateDir: string) => Promise<string>>> = {
  paths: compare,
  endurance: async (site, stateDir) => {
    await using path = await openGateway(site.upstreamOf("endurance", ENDURANCE_ACCOUNTS), stateDir);
    return await endure(path, ENDURANCE_ACCOUNTS);
  },
  scheduling: async (site, stateDir) => {
    const upstream = site.upstreamOf("scheduling", CREDENTIALS);
    await using path = await openGateway(upstream, stateDir, SCHEDULING_SETTINGS);
    return schedulingReport(await schedule(path));
  },
  hibernation: async (site, stateDir) => {
    const weights = await weighSleep(site.upstreamOf("hibernation", SLEEPERS), browserPath);
    const bare = site.upstreamOf("waking", 1);
    await using path = await openGateway(bare, stateDir, SLEEPY_SETTINGS);
    return `${weights}\n\n${await timeWaking(path, bare, browserPath)}`;
  },
  console: async (site, stateDir) => {
    const questions = await measureConsole(stateDir);
    return `${questions}\n\n${await measureOpenConsole(site, join(stateDir, "open-console"), browserPath)}`;
  },
  plots: (site, stateDir) => measureForPlots(site, stateDir, browserPath),
  replicas: measureReplicas,
  sizes: measureSizes,
  forwarding: measureForwarding,
  waits: measureWaits,
};

/** These take long, or need PostgreSQL: they are measured only if they are named. */
const ONLY_NAMED = new Set(["plots", "replicas", "sizes", "forwarding", "waits"]);
/** The site looks for an account among all, so these are there only for whom they are for. */
const ACCOUNTS_OF: Readonly<Record<string, () => string[]>> = {
  replicas: () => SHAPES.flatMap(({ path }) => accountsOf(path, MANY)),
  sizes: () => SIZES.flatMap((size) => accountsOf(pathOf(size), size.accounts)),
  forwarding: () => accountsOf(FORWARDED, STREAMS),
  waits: () => WAITING_PATHS.flatMap((path) => accountsOf(path, PACED)),
};

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

async function compare(site: Site, stateDir: string): Promise<string> {
  await using undici = openUndici(site.upstreamOf("undici", STREAMS));
  await using floor = await openFloor(site.upstreamOf("floor", STREAMS), browserPath);
  await using gateway = await openGateway(site.upstreamOf("gateway", STREAMS), stateDir);
  return report((await measure([undici, floor, gateway])) as [Figures, Figures, Figures]);
}

async function main(): Promise<void> {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  const parts = Object.entries(PARTS).filter(([name]) =>
    named.length === 0 ? !ONLY_NAMED.has(name) : named.includes(name),
  );
  const accounts = [
    ...["undici", "floor", "gateway", "endurance", "launched"].flatMap((path) => accountsOf(path, STREAMS)),
    ...["own", "shared"].flatMap((path) => accountsOf(path, OPEN_PAGES)),
    ...["waking", "challenged-undici", "challenged-launched", "challenged-gateway"].flatMap((path) =>
      accountsOf(path, 1),
    ),
    ...accountsOf("scheduling", CREDENTIALS),
    ...accountsOf("hibernation", SLEEPERS),
    ...parts.flatMap(([name]) => ACCOUNTS_OF[name]?.() ?? []),
  ];
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-bench-"));
  try {
    await using site = await Site.start(accounts);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}\n`);
    for (const [, measurePart] of parts) console.log(`${await measurePart(site, stateDir)}\n`);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

await main();
