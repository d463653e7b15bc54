import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { testFilesOf, TIERS } from "./tiers.ts";

/** Each worker loads modules once, not once in a file: that takes longer than most files' tests. */
const TWO_FILES_AT_A_TIME = { maxWorkers: 2, isolate: false };
/** More of them would not end sooner: two processors are busy with these, and each browser more makes all others slower. */
const THREE_FILES_AT_A_TIME = { maxWorkers: 3, isolate: false };

/** A file that starts a browser all the same fails. */
const NO_BROWSER = { BROWSER_PATH: "/dev/null" };

const TEMP_FOLDER = join(import.meta.dirname, "support/temp-folder.ts");
const SHARED_POSTGRES = join(import.meta.dirname, "support/shared-postgres.ts");

/** Tiers run one after the other. */
function tier(name: (typeof TIERS)[number], settings: object) {
  const sequence = { groupOrder: TIERS.indexOf(name) };
  return {
    extends: true as const,
    test: { name, include: testFilesOf(name), maxWorkers: 1, sequence, globalSetup: [SHARED_POSTGRES], ...settings },
  };
}

export default defineConfig({
  test: {
    root: import.meta.dirname,
    // What is waited for comes when the machine gets to it; how soon is measured in bench/. Limits are for what never comes.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      tier("fast", { env: NO_BROWSER, globalSetup: [], ...TWO_FILES_AT_A_TIME }),
      tier("thorough", { env: NO_BROWSER, ...THREE_FILES_AT_A_TIME }),
      tier("browser", { ...THREE_FILES_AT_A_TIME, globalSetup: [TEMP_FOLDER, SHARED_POSTGRES] }),
      tier("processes", { ...THREE_FILES_AT_A_TIME, globalSetup: [TEMP_FOLDER, SHARED_POSTGRES] }),
      tier("install", {}),
      tier("faults", { maxWorkers: 2 }),
      tier("cluster", { hookTimeout: 300_000 }),
      tier("container", { testTimeout: 300_000, hookTimeout: 900_000 }),
      tier("chart", { hookTimeout: 900_000, globalSetup: [] }),
      tier("clients", { testTimeout: 300_000, hookTimeout: 1_200_000 }),
    ],
  },
});
