import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../faults/until.ts";
import { freePort } from "../support/free-port.ts";
import { isListening } from "../support/is-listening.ts";

const START_LIMIT_MS = 30_000;

/** A real PgBouncer in front of a PostgreSQL of this machine that wants no password. */
export class PgBouncer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #port: number;

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.#port = port;
  }

  /** Before the server of this URL. */
  static async start(databaseUrl: string, mode: "session" | "transaction" | "statement"): Promise<PgBouncer> {
    const { hostname, port: serverPort, username } = new URL(databaseUrl);
    const [folder, port] = [await mkdtemp(join(tmpdir(), "gptomni-pgbouncer-")), await freePort()];
    // As root, it becomes another user.
    await chmod(folder, 0o755);
    await writeFile(join(folder, "users.txt"), `"${username}" ""\n`);
    await writeFile(
      join(folder, "pgbouncer.ini"),
      [
        "[databases]",
        `* = host=${hostname} port=${serverPort}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = trust",
        `auth_file = ${join(folder, "users.txt")}`,
        `pool_mode = ${mode}`,
        // The next transaction of a client meets another session.
        "server_round_robin = 1",
      ].join("\n"),
    );
    const asUser = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
    const child = spawn(
      process.env["PGBOUNCER_PATH"] ?? "pgbouncer",
      ["-q", ...asUser, join(folder, "pgbouncer.ini")],
      {
        env: { ...process.env, LD_LIBRARY_PATH: process.env["PGBOUNCER_LIBRARIES"] },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => void (complaints += chunk.toString()));
    const bouncer = new PgBouncer(child, folder, port);
    await until("PgBouncer listens", async () => child.exitCode !== null || (await isListening(port)), START_LIMIT_MS);
    if (child.exitCode !== null) throw new Error(`PgBouncer ended: ${complaints}`);
    return bouncer;
  }

  through(databaseUrl: string): string {
    return Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${this.#port}` }).href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
