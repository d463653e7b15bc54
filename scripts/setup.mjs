// Brings what a command needs, says what it does, then runs the command on the project's own Node.
// It has no dependencies and runs on Node 18: it is what installs them.
//
//   node scripts/setup.mjs run FILE.ts [ARGS…]     packages, Chromium, then the file
//   node scripts/setup.mjs test COMMAND [ARGS…]    packages, Chromium, then the command
//   node scripts/setup.mjs check                   packages, then format, lint, types, unused code
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const stamp = join(modules, ".setup-stamp");
const projectNode = join(modules, "node", "bin", "node");

const PROJECT_NODE_MAJOR = 24;
const SYSTEM_BROWSERS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/** Left alone, V8 spends 100 MiB more on young garbage before it collects: test/bench/README.md. In docker/entrypoint too. */
const NODE_FLAGS = ["--max-semi-space-size=8"];

/** @type {[name: string, tool: string, args: string[]][]} */
const CHECKS = [
  ["format", "oxfmt", ["--check", "."]],
  ["lint", "oxlint", ["--type-aware", "--deny-warnings"]],
  ["types", "tsc", ["-p", "."]],
  ["unused code", "knip", []],
];

function say(line) {
  console.error(`setup: ${line}`);
}

function fail(line) {
  say(line);
  process.exit(1);
}

/** Runs a command to its end with its output shown; true when it succeeded. */
function succeeds(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit", ...options }).status === 0;
}

function onPath(name) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

function npm(args) {
  return succeeds("npm", args, { stdio: ["ignore", 2, 2] });
}

/**
 * npm leaves out optional packages whose engines do not fit the Node that it runs on, and the tools' native parts want a
 * newer one than may be here. So npm runs on the project's own Node, fetched ahead.
 */
function ciOnProjectNode(quiet) {
  const scratch = mkdtempSync(join(tmpdir(), "setup-node-"));
  try {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    const wanted = `node@${packages["node_modules/node"].version}`;
    say(`fetching ${wanted}, since this is Node ${process.versions.node}…`);
    const bin = join(scratch, "node_modules", "node", "bin");
    if (!npm(["install", "--prefix", scratch, ...quiet, wanted]) || !existsSync(join(bin, "node"))) return false;
    const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
    const cli = process.env.npm_execpath ?? realpathSync(onPath("npm") ?? "npm");
    return succeeds(join(bin, "node"), [cli, "ci", ...quiet], { stdio: ["ignore", 2, 2], env });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock && existsSync(projectNode)) return;
  say("installing packages from the lockfile (about a minute the first time)…");
  // Engine warnings are about the Node that is here, not the one that the project brings along.
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const installed =
    Number.parseInt(process.versions.node, 10) < PROJECT_NODE_MAJOR ? ciOnProjectNode(quiet) : npm(["ci", ...quiet]);
  if (!installed) fail("npm could not install the packages; its reason stands above.");
  if (!existsSync(projectNode)) {
    // npm may be told to run no install scripts; Node's own package needs its one.
    say("installing the project's own Node…");
    succeeds(process.execPath, ["installArchSpecificPackage"], { cwd: join(modules, "node"), stdio: ["ignore", 2, 2] });
  }
  if (!existsSync(projectNode)) fail("the project's own Node did not arrive. Install Node 24 and run again.");
  writeFileSync(stamp, lock);
}

function findChromium() {
  if (process.env.BROWSER_PATH) return process.env.BROWSER_PATH;
  const installed = SYSTEM_BROWSERS.map(onPath).find((path) => path !== undefined);
  if (installed) return installed;
  const { chromium } = createRequire(join(root, "package.json"))("playwright");
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined;
}

function installChromium() {
  const found = findChromium();
  if (found) {
    if (existsSync(found)) return found;
    fail(`BROWSER_PATH is ${found}, where nothing is. Unset it to have Chromium found or installed.`);
  }
  const asRoot =
    process.getuid?.() === 0
      ? []
      : onPath("sudo") && succeeds("sudo", ["-n", "true"], { stdio: "ignore" })
        ? ["sudo", "-n"]
        : undefined;
  if (onPath("apt-get") && asRoot) {
    say("installing Chromium from the distribution's packages…");
    const apt = (...args) => {
      const [command, ...rest] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
      return succeeds(command, rest, { stdio: ["ignore", "ignore", 2] });
    };
    if (apt("update", "-qq") && apt("install", "-y", "-qq", "--no-install-recommends", "chromium") && findChromium())
      return findChromium();
  }
  say("downloading Playwright's Chromium…");
  succeeds(projectNode, [join(modules, "playwright", "cli.js"), "install", "chromium"], { stdio: ["ignore", 2, 2] });
  return (
    findChromium() ??
    fail(
      "no Chromium here and none could be installed. Install it (Debian: apt-get install chromium) or set BROWSER_PATH.",
    )
  );
}

/** Runs the command in this process's place: passes signals on, ends as it ends, and not before it. */
function become(command, args, env) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  // The terminal sends Ctrl-C to the whole group; the child ends in its own time, and this waits for it.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`${command} did not start: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function check() {
  const failed = CHECKS.filter(([name, tool, args]) => {
    say(`checking ${name}…`);
    return !succeeds(projectNode, [binOf(tool), ...args]);
  });
  if (failed.length > 0) fail(`failed: ${failed.map(([name]) => name).join(", ")}`);
  say("all checks passed");
}

/** The script behind a package's command, to be run on the project's own Node. */
function binOf(name) {
  const folder = join(modules, name === "tsc" ? "typescript" : name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

const [verb, ...rest] = process.argv.slice(2);
process.chdir(root);
installPackages();
if (verb === "check") check();
else if (verb === "run" || verb === "test") {
  const env = {
    BROWSER_PATH: installChromium(),
    PATH: [join(modules, "node", "bin"), join(modules, ".bin"), process.env.PATH].join(delimiter),
  };
  if (verb === "run") become(projectNode, [...NODE_FLAGS, ...rest], env);
  else become(projectNode, [binOf(rest[0]), ...rest.slice(1)], env);
} else fail(`unknown command ${verb}; one of: run, test, check`);
