// Finds or installs PostgreSQL, for the tests of the store. For scripts/setup.mjs.
import { existsSync, readdirSync } from "node:fs";
import { installedByApt } from "./apt.mjs";
import { onPath, say } from "./shell.mjs";

/** Debian keeps the server of each version in a folder that is not on the path. */
const VERSIONS = "/usr/lib/postgresql";

function isInstalled() {
  return onPath("postgres") !== undefined || (existsSync(VERSIONS) && readdirSync(VERSIONS).length > 0);
}

export function installPostgres() {
  if (isInstalled() || (installedByApt("PostgreSQL", "postgresql") && isInstalled())) return;
  say("no PostgreSQL here and none could be installed: tests on PostgreSQL are left out, or fail where CI=true.");
}
