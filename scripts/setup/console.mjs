// Builds the console when its sources are newer than the build. For scripts/setup.mjs.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { binOf, projectNode } from "./packages.mjs";
import { root, say, succeeds } from "./shell.mjs";

const folder = join(root, "console");
const built = join(folder, "dist", "index.html");
/** What the console takes from the gateway itself. */
const TAKEN = ["package-lock.json", "src/errors.ts", "src/live-view/wire.ts", "scripts/docs/chinese.ts"];
const CONFIG = join(folder, "vite.config.ts");

/** False if the build failed: the reason was printed. */
export function buildConsole() {
  say("building the console (a few seconds)…");
  const startedMs = Date.now();
  const isBuilt = succeeds(projectNode, [binOf("vite"), "build", "--config", CONFIG, "--logLevel", "warn"], {
    // Standard output is the command's own.
    stdio: ["ignore", 2, 2],
    env: { ...process.env, NODE_ENV: "production" },
  });
  say(isBuilt ? `console built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s` : "the console was not built");
  return isBuilt;
}

/** The gateway serves without a console too, so a failure does not stop the command. */
export function buildConsoleIfOld() {
  if (!existsSync(built) || statSync(built).mtimeMs < newestSourceMs()) buildConsole();
}

function newestSourceMs() {
  const sources = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(folder, "dist")));
  const taken = TAKEN.map((path) => join(root, path));
  return Math.max(...[...sources, ...taken].map((path) => statSync(path).mtimeMs));
}
