// Runs commands of this machine and tells the user what happens. For scripts/setup.mjs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

export function say(line) {
  console.error(`setup: ${line}`);
}

export function fail(line) {
  say(line);
  process.exit(1);
}

/** Runs a command to its end with its output shown; true when it succeeded. */
export function succeeds(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit", ...options }).status === 0;
}

/** What a command prints; empty if it cannot be run. */
export function printed(command, args) {
  return spawnSync(command, args, { cwd: root, encoding: "utf8" }).stdout ?? "";
}

export function onPath(name) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
