import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { FIGURES_FILE, type BenchFigures, type PathName } from "../../scripts/docs/figures.ts";
import { openBrowserPerRequest } from "./browser-per-request.ts";
import { answeredThroughChallenges, QUESTIONS } from "./challenged.ts";
import { firstTokenMs, measureDelays, STREAMS, unmeasured, type Figures } from "./measure.ts";
import { OPEN_PAGES, weighPages } from "./page-memory.ts";
import { openFloor, openGateway, openUndici } from "./paths.ts";
import { CREDENTIALS, schedule, SCHEDULING_SETTINGS } from "./scheduling.ts";
import type { Site } from "./site.ts";
import { median } from "./statistics.ts";

const BROWSERS_STARTED = 10;

/** Measures all that the plots and the README's table show, and writes it down for `npm run docs`. */
export async function measureForPlots(site: Site, stateDir: string, browserPath: string): Promise<string> {
  const load = (loadavg()[0] ?? 0) / cpus().length;
  const paths = await step("paths", comparePaths(site, stateDir, browserPath));
  const accountMiB = await step("memory", measureMemory(site, browserPath));
  const schedulingShare = await step("scheduling", measureScheduling(site, stateDir));
  const browserPerRequest = await step("a browser per request", timeBrowserPerRequest(site, browserPath));
  // From then on the site challenges everybody, a plain client for good.
  const challenged = await step("challenges", measureChallenges(site, stateDir, browserPath));
  const figures: BenchFigures = {
    day: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "?"}`,
    node: process.versions.node,
    load: rounded(load),
    firstTokenMs: { ...medians(paths, ({ firstTokenMs: ms }) => ms), browserPerRequest },
    lagMs: medians(paths, ({ lagMs }) => lagMs),
    lagOf20Ms: medians(paths, ({ lagOf20Ms }) => lagOf20Ms),
    challenged,
    accountMiB,
    schedulingShare,
  };
  await writeFile(FIGURES_FILE, `${JSON.stringify(figures, undefined, 2)}\n`);
  return `Written to test/bench/figures.json. npm run docs draws them.`;
}

/** It takes minutes: shows how far it is. */
async function step<T>(name: string, work: Promise<T>): Promise<T> {
  const result = await work;
  console.log(`${name}: ${name === "paths" ? "done" : JSON.stringify(result)}`);
  return result;
}

async function measureMemory(site: Site, browserPath: string): Promise<BenchFigures["accountMiB"]> {
  const own = await weighPages(site.upstreamOf("own", OPEN_PAGES), { browserPath, accountsPerBrowser: 1 });
  const among = { browserPath, accountsPerBrowser: OPEN_PAGES };
  const shared = await weighPages(site.upstreamOf("shared", OPEN_PAGES), among);
  return { ownBrowser: rounded(own.open), shared: rounded(shared.open), asleep: rounded(shared.asleep) };
}

type PathFigures = Readonly<Record<PathName, Figures>>;

async function comparePaths(site: Site, stateDir: string, browserPath: string): Promise<PathFigures> {
  await using undici = openUndici(site.upstreamOf("undici", STREAMS));
  await using floor = await openFloor(site.upstreamOf("floor", STREAMS), browserPath);
  await using gateway = await openGateway(site.upstreamOf("gateway", STREAMS), stateDir);
  const all = unmeasured([undici, floor, gateway]);
  await measureDelays(all);
  const [first, second, third] = all.map(({ figures }) => figures) as [Figures, Figures, Figures];
  return { undici: first, floor: second, gateway: third };
}

function medians(paths: PathFigures, pick: (figures: Figures) => readonly number[]): Record<PathName, number> {
  const of = (name: PathName): number => rounded(median(pick(paths[name])));
  return { undici: of("undici"), floor: of("floor"), gateway: of("gateway") };
}

async function timeBrowserPerRequest(site: Site, browserPath: string): Promise<number> {
  await using path = openBrowserPerRequest(site.upstreamOf("launched", STREAMS), browserPath);
  const ms: number[] = [];
  for (let round = 0; round < BROWSERS_STARTED; round += 1) ms.push(await firstTokenMs(path, round));
  return rounded(median(ms));
}

async function measureScheduling(site: Site, stateDir: string): Promise<number> {
  const upstream = site.upstreamOf("scheduling", CREDENTIALS);
  await using gateway = await openGateway(upstream, stateDir, SCHEDULING_SETTINGS);
  const windows = await schedule(gateway);
  return rounded(median(windows.map(({ perSecond, allowed }) => perSecond / allowed)));
}

async function measureChallenges(
  site: Site,
  stateDir: string,
  browserPath: string,
): Promise<BenchFigures["challenged"]> {
  await using undici = openUndici(site.upstreamOf("challenged-undici", 1));
  await using launched = openBrowserPerRequest(site.upstreamOf("challenged-launched", 1), browserPath);
  await using gateway = await openGateway(site.upstreamOf("challenged-gateway", 1), stateDir);
  const paths = [undici, launched, gateway];
  const [plain = 0, browserPerRequest = 0, own = 0] = await answeredThroughChallenges(site, paths);
  return { asked: QUESTIONS, answered: { undici: plain, browserPerRequest, gateway: own } };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
