import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { PostgresServer } from "../support/postgres-server.ts";
import { until } from "../faults/until.ts";
import { openGateway, type GatewayPath } from "./paths.ts";
import type { Site } from "./site.ts";
import { table } from "./statistics.ts";

interface Size {
  readonly accounts: number;
  readonly replicas: number;
}

export const SIZES: readonly Size[] = [
  { accounts: 1_000, replicas: 1 },
  { accounts: 1_000, replicas: 3 },
  { accounts: 100, replicas: 1 },
  { accounts: 100, replicas: 3 },
];
const SECRET_KEY = "a secret key for benchmarks, of thirty-two bytes";
/** Of each replica. Pages are what else takes memory: here are as few as serve prompts. */
const PAGES = 2;
const PROMPTS = 40;
const WARM_UP = 4;
const ASKERS_EACH = 2;
/** PostgreSQL tells what its sessions did a second later. */
const TOLD_AFTER_MS = 2_000;
/** PostgreSQL has noticed the end of a process by then. */
const NOTICED_AFTER_MS = 500;
const QUIET_MS = 10_000;
const TAKE_OVER_LIMIT_MS = 120_000;
const SERVED = `
  SELECT count(*)::int AS served FROM account_owner JOIN replica ON replica.id = account_owner.owner
  WHERE EXISTS (SELECT FROM pg_stat_get_activity(replica.backend_pid) AS one WHERE one.backend_start = replica.backend_start)`;
const COMMITS = "SELECT xact_commit::int AS commits FROM pg_stat_database WHERE datname = current_database()";
const CONNECTIONS = `
  SELECT count(*)::int AS connections FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'gptomni-gateway%'`;

export function pathOf({ accounts, replicas }: Size): string {
  return `size-${accounts}-${replicas}`;
}

/** What accounts and replicas cost before their pages: memory, starts, connections, commits, and how soon accounts move. */
export async function measureSizes(site: Site, stateDir: string): Promise<string> {
  await using server = await PostgresServer.start();
  const rows: string[][] = [];
  for (const size of SIZES) rows.push(await measured(size, site, { server, stateDir }));
  const header = [
    "accounts",
    "replicas",
    "listening after s",
    "processor time till then, s",
    "MiB each",
    "connections each",
    "commits a prompt",
    "one ends: moved after s",
    "one is killed: moved after s",
  ];
  return table(header, rows);
}

interface Places {
  readonly server: PostgresServer;
  readonly stateDir: string;
}

async function measured(size: Size, site: Site, { server, stateDir }: Places): Promise<string[]> {
  const { accounts, replicas } = size;
  const databaseUrl = await server.createDatabase();
  const database = databaseUrl.slice(databaseUrl.lastIndexOf("/") + 1);
  const upstream = site.upstreamOf(pathOf(size), accounts);
  const settings = { DATABASE_URL: databaseUrl, SECRET_KEY, MAX_OPEN_SESSIONS: String(PAGES) };
  const number = async (text: string, name: string): Promise<number> =>
    Number((await server.query(text, database))[0]?.[name]);
  const open = (index: number): Promise<GatewayPath> =>
    openGateway(upstream, join(stateDir, `${pathOf(size)}-${index}`), settings, 0);
  const openAll = (): Promise<GatewayPath[]> =>
    Promise.all(Array.from({ length: replicas }, (_, index) => open(index)));
  const allServed = async (): Promise<boolean> => (await number(SERVED, "served")) === accounts;
  const moved = async (signal: NodeJS.Signals, path: GatewayPath | undefined): Promise<string> => {
    if (replicas === 1 || !path) return "";
    const startedMs = performance.now();
    path.kill(signal);
    await path.ended;
    await delay(NOTICED_AFTER_MS);
    await until("the others have all accounts", allServed, TAKE_OVER_LIMIT_MS);
    return seconds(performance.now() - startedMs);
  };

  await using opened = new AsyncDisposableStack();
  const paths = (await openAll()).map((path) => opened.use(path));
  await until("all accounts are in use", allServed, TAKE_OVER_LIMIT_MS);
  const start = [
    seconds(Math.max(...paths.map(({ listeningMs }) => listeningMs))),
    seconds(Math.max(...paths.map(({ listeningCpuMs }) => listeningCpuMs))),
    (Math.max(...paths.map(({ listeningKib }) => listeningKib)) / 1024).toFixed(0),
  ];
  await askAll(paths, WARM_UP);
  const connections = await number(CONNECTIONS, "connections");
  const commits = await commitsOf(
    () => number(COMMITS, "commits"),
    () => askAll(paths, PROMPTS),
  );
  const ended = await moved("SIGTERM", paths[0]);
  if (replicas > 1) paths[0] = opened.use(await open(0));
  await until("all accounts are in use", allServed, TAKE_OVER_LIMIT_MS);
  return [
    String(accounts),
    String(replicas),
    ...start,
    (connections / replicas).toFixed(0),
    (commits / PROMPTS).toFixed(2),
    ended,
    await moved("SIGKILL", paths[1]),
  ];
}

/** How many more commits there are than in as long a time without prompts. */
async function commitsOf(count: () => Promise<number>, ask: () => Promise<void>): Promise<number> {
  await delay(TOLD_AFTER_MS);
  const quiet = await count();
  await delay(QUIET_MS);
  const before = await count();
  const startedMs = performance.now();
  await ask();
  await delay(TOLD_AFTER_MS);
  const tookMs = performance.now() - startedMs;
  return (await count()) - before - ((before - quiet) * tookMs) / QUIET_MS;
}

async function askAll(paths: readonly GatewayPath[], prompts: number): Promise<void> {
  let asked = 0;
  const askInTurn = async (path: GatewayPath): Promise<void> => {
    while (asked < prompts) {
      asked += 1;
      const question = `prompt ${asked}`;
      let answer = "";
      for await (const piece of path.ask(question, 0)) answer += piece;
      if (answer !== `You said: ${question}`) throw new Error(`lost or mixed: ${answer}`);
    }
  };
  await Promise.all(paths.flatMap((path) => Array.from({ length: ASKERS_EACH }, () => askInTurn(path))));
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
