import { mkdtemp, readFile, rm, readdir } from "node:fs/promises";
import { once } from "node:events";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { openFloor, openGateway, openUndici, type GatewayPath, type Path, type Upstream } from "./paths.ts";
import { percentile, table } from "./statistics.ts";

/**
 * Measures, in one run and on one machine, a bare HTTP client, the floor and the gateway against the simulated site, and
 * prints their ratios. Then 1,000 requests in a row, for lost or mixed answers and for growth.
 */
const STREAMS = 20;
const FIRST_TOKEN_ROUNDS = 100;
/** Two to each account, so that caches and compilers are warm. */
const WARM_UP_ROUNDS = 2 * STREAMS;
const PACED = { stamps: true, chunks: 150, chunkDelayMs: 10 };
const BULK = { stamps: true, chunks: 400_000, chunkDelayMs: 0 };
const ENDURANCE_REQUESTS = 1_000;
const ENDURANCE_AT_ONCE = 5;

type Site = Omit<Upstream, "cookies"> & { readonly cookies: Readonly<Record<string, string>> };

interface Figures {
  readonly firstTokenMs: readonly number[];
  readonly lagMs: readonly number[];
  readonly lagOf20Ms: readonly number[];
  readonly oneMs: number;
  readonly twentyMs: number;
  readonly bytesPerSecond: number;
}

function prompt(directive: Readonly<Record<string, unknown>>, note = ""): string {
  return `${note}\n@sim ${JSON.stringify(directive)}`;
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Reads a stamped answer; each line is the time at which the site wrote it. */
async function readStamped(text: AsyncIterable<string>, onLag: (ms: number) => void): Promise<number> {
  let rest = "";
  let bytes = 0;
  for await (const piece of text) {
    const at = nowMs();
    bytes += Buffer.byteLength(piece);
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLag(at - Number.parseFloat(line));
  }
  return bytes;
}

async function measure(path: Path): Promise<Figures> {
  const firstTokenMs: number[] = [];
  for (let round = 0; round < FIRST_TOKEN_ROUNDS + WARM_UP_ROUNDS; round += 1) {
    const startedAt = performance.now();
    for await (const piece of path.ask(prompt({ chunks: 1, chunkDelayMs: 0 }, `round ${round}`), round % STREAMS)) {
      if (piece !== "" && firstTokenMs.length <= round - WARM_UP_ROUNDS) {
        firstTokenMs.push(performance.now() - startedAt);
      }
    }
  }
  const lagMs: number[] = [];
  let startedAt = performance.now();
  await readStamped(path.ask(prompt(PACED), 0), (ms) => lagMs.push(ms));
  const oneMs = performance.now() - startedAt;
  const lagOf20Ms: number[] = [];
  startedAt = performance.now();
  await Promise.all(
    Array.from({ length: STREAMS }, (_, index) =>
      readStamped(path.ask(prompt(PACED, `stream ${index}`), index), (ms) => lagOf20Ms.push(ms)),
    ),
  );
  const twentyMs = performance.now() - startedAt;
  startedAt = performance.now();
  const bytes = await readStamped(path.ask(prompt(BULK), 0), () => {});
  const bytesPerSecond = bytes / ((performance.now() - startedAt) / 1000);
  return { firstTokenMs, lagMs, lagOf20Ms, oneMs, twentyMs, bytesPerSecond };
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Processes below one, found through /proc. */
async function descendants(pid: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one);
    return parent !== undefined && parent > 1 && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).length;
}

async function endure(gateway: GatewayPath): Promise<string> {
  const samples: string[][] = [];
  let wrong = 0;
  let asked = 0;
  const askInTurn = async (): Promise<void> => {
    while (asked < ENDURANCE_REQUESTS) {
      asked += 1;
      const number = asked;
      const question = `request ${number} of many ${Math.random()}`;
      let answer = "";
      for await (const piece of gateway.ask(question, 0)) answer += piece;
      if (!answer.includes(question)) wrong += 1;
      if (number % 200 === 0) {
        const [rss, processes] = await Promise.all([residentMiB(gateway.pid), descendants(gateway.pid)]);
        samples.push([String(number), `${rss.toFixed(0)} MiB`, String(processes)]);
      }
    }
  };
  await Promise.all(Array.from({ length: ENDURANCE_AT_ONCE }, askInTurn));
  const rows = table(["after", "gateway RSS", "browser processes"], samples);
  return `${ENDURANCE_REQUESTS} requests over ${ENDURANCE_AT_ONCE} accounts, lost or mixed: ${wrong}\n\n${rows}`;
}

function formatMs(samples: readonly number[], share: number): string {
  return percentile(samples, share).toFixed(2);
}

function report(undici: Figures, floor: Figures, gateway: Figures): string {
  const row = (name: string, pick: (figures: Figures) => string, ratio: string): string[] => [
    name,
    pick(undici),
    pick(floor),
    pick(gateway),
    ratio,
  ];
  const toFloor = (pick: (figures: Figures) => readonly number[]): string =>
    (percentile(pick(gateway), 0.5) / percentile(pick(floor), 0.5)).toFixed(2);
  const rows = [
    row(
      "first token p50, ms",
      (figures) => formatMs(figures.firstTokenMs, 0.5),
      `${toFloor((f) => f.firstTokenMs)} of floor`,
    ),
    row("first token p99, ms", (figures) => formatMs(figures.firstTokenMs, 0.99), ""),
    row(
      "chunk lag p50, 1 stream, ms",
      (figures) => formatMs(figures.lagMs, 0.5),
      `${toFloor((f) => f.lagMs)} of floor`,
    ),
    row("chunk lag p99, 1 stream, ms", (figures) => formatMs(figures.lagMs, 0.99), ""),
    row(
      "chunk lag p50, 20 streams, ms",
      (figures) => formatMs(figures.lagOf20Ms, 0.5),
      `${toFloor((f) => f.lagOf20Ms)} of floor`,
    ),
    row("chunk lag p99, 20 streams, ms", (figures) => formatMs(figures.lagOf20Ms, 0.99), ""),
    row("20 streams / 1 stream, time", (figures) => (figures.twentyMs / figures.oneMs).toFixed(2), ""),
    row(
      "one fast stream, MB/s",
      (figures) => (figures.bytesPerSecond / 1e6).toFixed(2),
      `${(gateway.bytesPerSecond / undici.bytesPerSecond).toFixed(2)} of undici`,
    ),
  ];
  return table(["", "undici", "floor", "gateway", "gateway is"], rows);
}

/** Each path has accounts of its own: a token that another one's browser rotated away would be signed out. */
function upstreamOf(site: Site, path: string, count: number): Upstream {
  return { ...site, cookies: namesOf(path, count).map((name) => site.cookies[name] ?? "") };
}

function namesOf(path: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${path}-${index + 1}`);
}

async function measured(path: Path): Promise<Figures> {
  await using open = path;
  return await measure(open);
}

async function main(): Promise<void> {
  const names = ["undici", "floor", "gateway", "endurance"].flatMap((path) => namesOf(path, STREAMS));
  const worker = new Worker(new URL("simulator-worker.ts", import.meta.url), { workerData: names });
  const [site] = (await once(worker, "message")) as [Site];
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-bench-"));
  try {
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}\n`);
    const browserPath = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";
    const undici = await measured(openUndici(upstreamOf(site, "undici", STREAMS)));
    const floor = await measured(await openFloor(upstreamOf(site, "floor", STREAMS), browserPath));
    const gateway = await measured(await openGateway(upstreamOf(site, "gateway", STREAMS), stateDir));
    console.log(report(undici, floor, gateway));
    await using path = await openGateway(upstreamOf(site, "endurance", ENDURANCE_AT_ONCE), stateDir);
    console.log(`\n${await endure(path)}`);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
    await worker.terminate();
  }
}

await main();
