import { chmod, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { killProcessesIn } from "../../src/process/temp-dir.ts";

/** As root, browsers run as users of their own. */
const OPEN_TO_BROWSERS = 0o711;

let folder: string;

/** Gives the tests a temporary folder of their own. */
export async function setup(): Promise<void> {
  folder = await mkdtemp(join("/tmp", "gpt-"));
  await chmod(folder, OPEN_TO_BROWSERS);
  process.env["TMPDIR"] = folder;
}

/** Removes it, and ends what still runs in it. */
export async function teardown(): Promise<void> {
  await killProcessesIn(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
