import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { until } from "../faults/until.ts";
import { DOOR_HEADER } from "./told.ts";

const PRODUCT = join(import.meta.dirname, "../../docker/nginx.conf");
const START_LIMIT_MS = 30_000;

/** A real nginx with the product's own configuration, before replicas on this machine. */
export class Nginx implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  #complaints = "";

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
    child.stderr?.on("data", (chunk: Buffer) => void (this.#complaints += chunk.toString()));
  }

  /** `ports`: where the replicas listen, running or not. Its files go into the folder. */
  static async start(folder: string, ports: readonly number[]): Promise<Nginx> {
    const port = await freePort();
    const path = join(folder, "nginx.conf");
    await mkdir(folder, { recursive: true });
    // As root, its workers are another user.
    await chmod(folder, 0o755);
    await writeFile(path, await configuration(folder, port, ports));
    const args = ["-e", "stderr", "-p", folder, "-c", path, "-g", "daemon off;"];
    const child = spawn(process.env["NGINX_PATH"] ?? "nginx", args, { stdio: ["ignore", "ignore", "pipe"] });
    const nginx = new Nginx(`http://127.0.0.1:${port}`, child);
    // It answers this by itself: a replica that does not listen yet would be left alone for ten seconds.
    const answers = (): Promise<boolean> =>
      fetch(`${nginx.url}/metrics`).then(
        () => true,
        () => false,
      );
    await until("nginx answers", async () => child.exitCode !== null || (await answers()), START_LIMIT_MS);
    if (child.exitCode !== null) throw new Error(`nginx ended: ${nginx.#complaints}`);
    return nginx;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

/** The product's file, changed where this machine is not a Compose network. @throws when the file has no such line. */
async function configuration(folder: string, port: number, ports: readonly number[]): Promise<string> {
  const changes: readonly (readonly [RegExp, string])[] = [
    [/\/tmp\//g, `${folder}/`],
    [/^.*@RESOLVER@.*\n/m, ""],
    [/@MAX_BODY_BYTES@/, "4194304"],
    [/listen 8080;/, `listen 127.0.0.1:${port};\n    add_header ${DOOR_HEADER} $upstream_addr always;`],
    [/listen 8081;/, `listen unix:${folder}/console.socket;`],
    [/server gateway:8088 resolve ([^;]*);/, ports.map((one) => `server 127.0.0.1:${one} $1;`).join(" ")],
  ];
  return changes.reduce(
    (text, [line, other]) => {
      if (text.search(line) < 0) throw new Error(`docker/nginx.conf has no ${line.source}`);
      return text.replace(line, other);
    },
    await readFile(PRODUCT, "utf8"),
  );
}
