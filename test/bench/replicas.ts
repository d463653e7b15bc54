import { join } from "node:path";
import { until } from "../faults/until.ts";
import { PostgresServer } from "../support/postgres-server.ts";
import { kibOf } from "./memory-of.ts";
import { openGateway, type GatewayPath } from "./paths.ts";
import type { Site } from "./site.ts";
import { median, table } from "./statistics.ts";

export const MANY = 1_000;
/** All replicas together. */
const PAGES = 20;
const ASKERS = 50;
const WARM_UP_MS = 20_000;
const MEASURED_MS = 60_000;
const SECRET_KEY = "a secret key for benchmarks, of thirty-two bytes";
const ADMIN_KEY = "sk-bench-admin-0123456789abcdef0123";
const SETTINGS = { CREDENTIALS_PER_BROWSER: "8", SECRET_KEY, ADMIN_KEY };
const OPEN_LIMIT_MS = 120_000;
/** How often a view is asked for. */
const LOOKS = 21;

interface Shape {
  readonly name: string;
  /** The path whose accounts it uses. */
  readonly path: string;
  /** Pages of each replica. */
  readonly pages: readonly number[];
  readonly isStoredInPostgres: boolean;
}

export const SHAPES: readonly Shape[] = [
  { name: "one, SQLite", path: "one-sqlite", pages: [PAGES], isStoredInPostgres: false },
  { name: "one, PostgreSQL", path: "one-postgres", pages: [PAGES], isStoredInPostgres: true },
  { name: "three, PostgreSQL", path: "three-postgres", pages: [7, 7, 6], isStoredInPostgres: true },
];

/** 1,000 accounts over one replica and over three, with as many pages and askers. */
export async function measureReplicas(site: Site, stateDir: string): Promise<string> {
  await using server = await PostgresServer.start();
  const rows: string[][] = [];
  for (const shape of SHAPES) {
    const database = shape.isStoredInPostgres ? { DATABASE_URL: await server.createDatabase() } : undefined;
    await using replicas = new AsyncDisposableStack();
    const startedMs = performance.now();
    const starting = shape.pages.map((pages, index) => {
      const settings = { ...SETTINGS, ...database, MAX_OPEN_SESSIONS: String(pages) };
      return openGateway(site.upstreamOf(shape.path, MANY), join(stateDir, `${shape.path}-${index}`), settings, 0);
    });
    const paths = await Promise.all(starting);
    for (const path of paths) replicas.use(path);
    // Those of accounts that moved when the next replica came are opened again when they are needed.
    await until("half of the pages are open", async () => (await openPages(paths[0])) >= PAGES / 2, OPEN_LIMIT_MS);
    const openMs = performance.now() - startedMs;
    const views = [];
    for (const view of ["accounts", "overview"]) views.push((await viewMs(paths[0], view)).toFixed(0));
    const perSecond = await steadyRate(paths);
    const kib = await Promise.all(paths.map(({ pid }) => kibOf(pid, "status", "VmRSS")));
    rows.push([
      shape.name,
      (Math.max(...paths.map(({ listeningMs }) => listeningMs)) / 1_000).toFixed(1),
      (openMs / 1_000).toFixed(1),
      mibOf(paths.map(({ listeningKib }) => listeningKib)),
      mibOf(kib),
      ...views,
      perSecond.toFixed(1),
    ]);
  }
  const header = [
    "replicas",
    "listening after s",
    "half of the pages open after s",
    "MiB when listening",
    "MiB at the end",
    "list of accounts ms",
    "overview ms",
    "answers/s",
  ];
  return `${MANY} accounts, ${PAGES} pages, ${ASKERS} askers\n\n${table(header, rows)}`;
}

function mibOf(kib: readonly number[]): string {
  return kib.map((one) => (one / 1024).toFixed(0)).join(" + ");
}

async function look(path: GatewayPath | undefined, view: string): Promise<string> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const response = await fetch(`${path?.url}/admin/api/${view}`, { headers });
  if (!response.ok) throw new Error(`${view}: ${response.status}`);
  return response.text();
}

/** Of all replicas. */
async function openPages(path: GatewayPath | undefined): Promise<number> {
  const { traffic } = JSON.parse(await look(path, "overview")) as { traffic: { openPages: number } };
  return traffic.openPages;
}

/** Milliseconds until the replica has answered its operator: the median of some looks. */
async function viewMs(path: GatewayPath | undefined, view: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < LOOKS; round += 1) {
    const startedMs = performance.now();
    await look(path, view);
    times.push(performance.now() - startedMs);
  }
  return median(times);
}

/** Answers a second when the first pages have warmed up. Askers spread over the replicas. */
async function steadyRate(paths: readonly GatewayPath[]): Promise<number> {
  let answered = 0;
  const endMs = performance.now() + WARM_UP_MS + MEASURED_MS;
  const askInTurn = async (_: unknown, asker: number): Promise<void> => {
    while (performance.now() < endMs) {
      const question = `asker ${asker}, answer ${answered}`;
      let answer = "";
      for await (const piece of paths[asker % paths.length]?.ask(question, 0) ?? []) answer += piece;
      if (answer !== `You said: ${question}`) throw new Error(`lost or mixed: ${answer}`);
      answered += 1;
    }
  };
  const asking = Promise.all(Array.from({ length: ASKERS }, askInTurn));
  await Promise.race([new Promise((resolve) => setTimeout(resolve, WARM_UP_MS)), asking]);
  const [before, beforeMs] = [answered, performance.now()];
  await asking;
  return ((answered - before) / (performance.now() - beforeMs)) * 1_000;
}
