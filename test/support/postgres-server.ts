import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { appendFile, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { freePort } from "./free-port.ts";
import { allProcesses, signalIfRunning } from "../faults/processes.ts";
import { until } from "../faults/until.ts";

/** Debian keeps the server of each version here. */
const VERSIONS = "/usr/lib/postgresql";
const START_LIMIT_MS = 60_000;
const END_LIMIT_MS = 30_000;
/** Speed before safety: what is in it is thrown away. */
const SETTINGS = [
  "fsync=off",
  "synchronous_commit=off",
  "full_page_writes=off",
  "max_connections=200",
  "shared_buffers=16MB",
  "jit=off",
  "autovacuum=off",
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
];
/** The server ends with the process that it is for, however that ends; then nobody else removes its files. */
const RUN = `
  owner=$1; shift; "$@" & server=$!
  trap 'kill -INT $server' TERM INT
  while [ -d /proc/$owner ] && [ -d /proc/$server ]; do sleep 1 & wait $!; done
  kill -QUIT $server 2>/dev/null; wait $server
  [ -d /proc/$owner ] || rm -rf "$PWD"`;

const binaries = findBinaries();

/** Whether to leave out what needs PostgreSQL. Never where all must be tried (CI): it fails there. */
export const LACKS_POSTGRES = process.env["CI"] !== "true" && binaries === undefined;

/** A PostgreSQL server of the test's own, on a free port of this machine, whose users need no password. */
export class PostgresServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #ownerPid: number;
  readonly port: number;

  private constructor(folder: string, port: number, ownerPid: number) {
    this.#folder = folder;
    this.port = port;
    this.#ownerPid = ownerPid;
  }

  /** In this folder, or one of its own. It ends with the process of this id at the latest. */
  static async start(inFolder?: string, ownerPid = process.pid): Promise<PostgresServer> {
    const folder = inFolder ?? (await mkdtemp("/tmp/gpt-pg-"));
    await mkdir(folder, { recursive: true });
    const user = unprivileged();
    if (user) await chown(folder, user.uid, user.gid);
    await chmod(folder, 0o700);
    const locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"];
    await run(
      "initdb",
      [`--pgdata=${folder}/data`, "--username=postgres", "--auth=trust", "--no-sync", ...locale],
      folder,
    );
    const server = new PostgresServer(folder, await freePort(), ownerPid);
    await server.restart();
    return server;
  }

  /** A standby of the server, with all that is in it, which follows it until it is promoted. */
  static async standbyOf(primary: PostgresServer): Promise<PostgresServer> {
    const folder = await mkdtemp("/tmp/gpt-pg-");
    const user = unprivileged();
    if (user) await chown(folder, user.uid, user.gid);
    const copied = ["--pgdata=data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"];
    await run("pg_basebackup", [...copied, `--dbname=${primary.url()}`], folder);
    const standby = new PostgresServer(folder, await freePort(), process.pid);
    await standby.restart();
    return standby;
  }

  /** One that another process of these tests has started in this folder. */
  static at(folder: string, port: number): PostgresServer {
    return new PostgresServer(folder, port, process.pid);
  }

  url(database = "postgres"): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** An empty database. Gives its URL. */
  async createDatabase(): Promise<string> {
    const name = `test_${randomUUID().replaceAll("-", "")}`;
    await this.#connected(undefined, async (client) => {
      const { rows } = await client.query<{ server_version_num: string }>("SHOW server_version_num");
      // Since 15, a new database is copied page by page through the log, unless told; this takes a third of that time.
      const strategy = Number(rows[0]?.server_version_num) >= 150_000 ? "STRATEGY FILE_COPY" : "";
      await client.query(`CREATE DATABASE ${name} ${strategy}`);
    });
    return this.url(name);
  }

  /** As its operator types it. */
  async query(text: string, database?: string): Promise<readonly Record<string, unknown>[]> {
    return this.#connected(database, async (client) => (await client.query<Record<string, unknown>>(text)).rows);
  }

  /** It takes connections over TLS with this certificate from now on, and others without. */
  async useCertificate({ key, cert }: { readonly key: string; readonly cert: string }): Promise<void> {
    const user = unprivileged();
    for (const [name, text] of Object.entries({ "server.key": key, "server.crt": cert })) {
      const path = join(this.#folder, "data", name);
      await writeFile(path, text, { mode: 0o600 });
      if (user) await chown(path, user.uid, user.gid);
    }
    await this.stop();
    await this.restart("ssl=on");
  }

  /** It listens there too, and trusts who asks from there. */
  async listenAt(address: string, client: string): Promise<void> {
    await appendFile(join(this.#folder, "data/pg_hba.conf"), `host all all ${client}/32 trust\n`);
    await this.stop();
    await this.restart(`listen_addresses=127.0.0.1,${address}`);
  }

  /** Starts it again after `stop`. Resolves when it takes connections. */
  async restart(...further: readonly string[]): Promise<void> {
    const settings = [...SETTINGS, ...further, `port=${this.port}`].flatMap((setting) => ["-c", setting]);
    const server = [programOf("postgres"), "-D", join(this.#folder, "data"), ...settings];
    const child = spawn("/bin/sh", ["-c", RUN, "sh", String(this.#ownerPid), ...server], {
      ...unprivileged(),
      cwd: this.#folder,
      stdio: "ignore",
      detached: true,
    });
    child.unref();
    const isUp = (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended at its start: ${child.exitCode}`);
      return this.query("SELECT 1").then(
        () => true,
        () => false,
      );
    };
    await until("PostgreSQL takes connections", isUp, START_LIMIT_MS);
  }

  /** `fast`: breaks all connections off and shuts down · `immediate`: as after a crash. Resolves when it has ended. */
  async stop(how: "fast" | "immediate" = "fast"): Promise<void> {
    const pid = await this.#pid();
    if (pid === undefined) return;
    signalIfRunning(pid, how === "fast" ? "SIGINT" : "SIGQUIT");
    await until("PostgreSQL has ended", () => !existsSync(`/proc/${pid}`), END_LIMIT_MS);
  }

  /** Stops all of its processes: it takes connections, and answers nothing. */
  async freeze(): Promise<void> {
    await this.#signalAll("SIGSTOP");
  }

  async thaw(): Promise<void> {
    await this.#signalAll("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.thaw();
    await this.stop("immediate");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #connected<T>(database: string | undefined, use: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  }

  async #signalAll(name: NodeJS.Signals): Promise<void> {
    const main = await this.#pid();
    if (main === undefined) return;
    const others = (await allProcesses()).filter(({ parentPid }) => parentPid === main);
    for (const { pid } of [{ pid: main }, ...others]) signalIfRunning(pid, name);
  }

  async #pid(): Promise<number | undefined> {
    const text = await readFile(join(this.#folder, "data/postmaster.pid"), "utf8").catch(() => "");
    const pid = Number(text.split("\n", 1)[0]);
    return pid > 0 && existsSync(`/proc/${pid}`) ? pid : undefined;
  }
}

function findBinaries(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  const versions = existsSync(VERSIONS)
    ? readdirSync(VERSIONS).toSorted((one, other) => Number(other) - Number(one))
    : [];
  const all = [...versions.map((version) => join(VERSIONS, version, "bin")), ...folders];
  return all.find((folder) => existsSync(join(folder, "initdb")));
}

function programOf(name: string): string {
  if (binaries === undefined) throw new Error("PostgreSQL is not installed: npm test installs it, where it may.");
  return join(binaries, name);
}

/** PostgreSQL does not run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const rows = readFileSync("/etc/passwd", "utf8").split("\n");
  const row = ["postgres", "nobody"].map((name) => rows.find((one) => one.startsWith(`${name}:`))).find(Boolean);
  const [, , uid, gid] = row?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(programOf(program), args, { ...unprivileged(), cwd, stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => void (complaints += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} failed: ${complaints}`);
}
