import { Writable } from "node:stream";
import { chmod, mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { startGateway } from "../../src/main.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Replica } from "../replicas/replica.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { PostgresServer } from "../support/postgres-server.ts";

type Settings = Readonly<Record<string, string>>;

/** What a scene's tests talk to. */
export interface Gateways extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly replicas: readonly Replica[];
}

const SECRET_KEY = "a secret key of the replicas, of thirty-two bytes or more";

/** One gateway, in this process. */
export async function startOne(settings: Settings): Promise<Gateways> {
  await using stack = new AsyncDisposableStack();
  const { path: home } = stack.use(await mkdtempDisposable(join(tmpdir(), "gptomni-e2e-")));
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const log = createLog({ level: "error", format: "json", redaction: new Redaction([]) }, silence);
  const config = loadConfig({
    PORT: "0",
    API_MASTER_KEY: API_KEY,
    ADMIN_KEY,
    BROWSER_PATH: process.env["BROWSER_PATH"],
    RATE_LIMIT: "off",
    STATE_DIR: home,
    ...settings,
  });
  const gateway = stack.use(await startGateway(config, { api: API_KEY, admin: ADMIN_KEY }, log));
  return opened(stack.move(), { urls: [gateway.url], replicas: [] });
}

/** Several, as processes of their own on one PostgreSQL. */
export async function startReplicas(settings: Settings, each: readonly Settings[]): Promise<Gateways> {
  await using stack = new AsyncDisposableStack();
  // A short path, for Chromium's sockets.
  const { path: home } = stack.use(await mkdtempDisposable(join(tmpdir(), "e-")));
  // As root, PostgreSQL and browsers run as users of their own.
  await chmod(home, 0o711);
  const database = stack.use(await PostgresServer.start(join(home, "p")));
  const replicas: Replica[] = [];
  for (const [index, own] of each.entries()) {
    const place = { databasePort: database.port, databaseUrl: database.url() };
    const name = String(index);
    const all = { SECRET_KEY, ...settings, ...own };
    replicas.push(stack.use(await Replica.prepare({ name, home: join(home, name), ...place, settings: all })));
  }
  await Promise.all(replicas.map((replica) => replica.start()));
  await Promise.all(replicas.map((replica) => replica.untilReady()));
  return opened(stack.move(), { urls: replicas.map(({ gateway }) => gateway.url), replicas });
}

function opened(stack: AsyncDisposableStack, parts: Pick<Gateways, "urls" | "replicas">): Gateways {
  return { ...parts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
