import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { until } from "../faults/until.ts";
import { PostgresServer } from "./postgres-server.ts";

/** Names the folder of the server that all tests of one run share, and the process that it ends with. */
const FOLDER = "TEST_POSTGRES_FOLDER";
const OWNER = "TEST_POSTGRES_OWNER";
const START_LIMIT_MS = 90_000;

let own: string | undefined;

/** The first test that needs the server starts it. */
export async function setup(): Promise<void> {
  if (process.env[FOLDER] !== undefined) return;
  own = await mkdtemp("/tmp/gpt-pg-");
  await chmod(own, 0o711);
  process.env[FOLDER] = own;
  process.env[OWNER] = String(process.pid);
}

export async function teardown(): Promise<void> {
  if (own === undefined) return;
  await using _server = PostgresServer.at(join(own, "server"), 0);
  await rm(own, { recursive: true, force: true, maxRetries: 5 });
}

/** The URL of an empty database of the test's own, which is gone after the test. */
export async function freshDatabase(): Promise<string> {
  const server = await sharedServer();
  const url = await server.createDatabase();
  const name = url.slice(url.lastIndexOf("/") + 1);
  onTestFinished(async () => void (await server.query(`DROP DATABASE ${name} WITH (FORCE)`)));
  return url;
}

async function sharedServer(): Promise<PostgresServer> {
  const folder = process.env[FOLDER];
  if (folder === undefined) throw new Error("This tier has no PostgreSQL: vitest.config.ts gives it to tiers.");
  const [serverFolder, portFile] = [join(folder, "server"), join(folder, "port")];
  const isFirst = await mkdir(join(folder, "starting")).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    const started = PostgresServer.start(serverFolder, Number(process.env[OWNER]));
    const text = await started.then(({ port }) => String(port), String);
    await writeFile(`${portFile}.new`, text);
    await rename(`${portFile}.new`, portFile);
  }
  let port = "";
  const isStarted = async (): Promise<boolean> => (port = await readFile(portFile, "utf8").catch(() => "")) !== "";
  await until("another test has started PostgreSQL", isStarted, START_LIMIT_MS);
  if (!(Number(port) > 0)) throw new Error(`PostgreSQL did not start: ${port}`);
  return PostgresServer.at(serverFolder, Number(port));
}
