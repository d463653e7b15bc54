import { chmod, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { killProcessesIn } from "../../src/process/temp-dir.ts";

/** As root, browsers run as users of their own. */
const OPEN_TO_BROWSERS = 0o711;

/** Gives the tests a temporary folder of their own. It is removed after the last one, with what still runs in it. */
export default async function useTempFolder(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join("/tmp", "gpt-"));
  await chmod(folder, OPEN_TO_BROWSERS);
  process.env["TMPDIR"] = folder;
  return async () => {
    await killProcessesIn(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
