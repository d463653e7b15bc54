// Brings what a command needs, says what it does, then runs the command on the project's own Node.
// It has no dependencies and runs on Node 18: it is what installs them.
//
//   node scripts/setup.mjs run FILE.ts [ARGS…]     packages, Chromium, then the file
//   node scripts/setup.mjs test COMMAND [ARGS…]    packages, Chromium, Xvfb, then the command
//   node scripts/setup.mjs tool COMMAND [ARGS…]    packages, then the command, which needs no browser
//   node scripts/setup.mjs check                   packages, then format, lint, types, unused code
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants as access, existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const stamp = join(modules, ".setup-stamp");
/** The package that holds this platform's Node; the lockfile pins it by its hash. */
const nodePackage = `node-${process.platform}-${process.arch}`;
const projectNode = join(modules, nodePackage, "bin", "node");

const PROJECT_NODE_MAJOR = 24;
const SYSTEM_BROWSERS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/**
 * Left alone, V8 spends 100 MiB more on young garbage before it collects: test/bench/README.md. SIGUSR1 would open the
 * inspector to everybody on this machine. In docker/entrypoint too.
 */
const NODE_FLAGS = ["--max-semi-space-size=8", "--disable-sigusr1"];
/** How often this process looks whether npm, which started it, still runs. */
const PARENT_CHECK_MS = 500;

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

function npm(args, options = {}) {
  return succeeds("npm", args, { stdio: ["ignore", 2, 2], ...options });
}

/** Engine warnings are about the Node that is here, not the one that the project brings along. */
const NPM_FLAGS = ["--no-audit", "--no-fund", "--loglevel=error"];
/** Whatever NODE_ENV and npm's own settings leave out: the commands need all of it. */
const WHOLE = ["--include=dev", "--include=optional"];

/**
 * npm leaves out optional packages whose engines do not fit the Node that it runs on, and the tools' native parts need a
 * newer one than may be here. So npm runs on the project's own Node, which is installed first, as the lockfile pins it.
 */
function ciOnProjectNode(scratch, flags) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const path = `node_modules/${nodePackage}`;
  const { optional: _, ...pinned } =
    packages[path] ?? fail(`there is no ${nodePackage}: it runs on Linux, x64 or arm64.`);
  const lone = { name: "setup-node", version: "0.0.0", dependencies: { [nodePackage]: pinned.version } };
  const lock = { ...lone, lockfileVersion: 3, packages: { "": lone, [path]: pinned } };
  writeFileSync(join(scratch, "package.json"), JSON.stringify(lone));
  writeFileSync(join(scratch, "package-lock.json"), JSON.stringify(lock));
  say(`fetching Node ${pinned.version}, since this is Node ${process.versions.node}…`);
  const bin = join(scratch, path, "bin");
  if (!npm(["ci", "--ignore-scripts", ...flags], { cwd: scratch }) || !existsSync(join(bin, "node"))) return false;
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const cli = process.env.npm_execpath ?? realpathSync(onPath("npm") ?? "npm");
  return succeeds(join(bin, "node"), [cli, "ci", ...WHOLE, ...flags], { stdio: ["ignore", 2, 2], env });
}

/** npm's cache, where it may be written to; else a folder of this run's own. */
function cacheFlags(scratch) {
  try {
    const cache = process.env.npm_config_cache ?? join(homedir(), ".npm");
    mkdirSync(cache, { recursive: true });
    accessSync(cache, access.W_OK);
    return [];
  } catch {
    return [`--cache=${join(scratch, "cache")}`];
  }
}

function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock && existsSync(projectNode)) return;
  say("installing packages from the lockfile (about a minute the first time)…");
  const startedMs = Date.now();
  const scratch = mkdtempSync(join(tmpdir(), "setup-"));
  const flags = [...NPM_FLAGS, ...cacheFlags(scratch)];
  const isOld = Number.parseInt(process.versions.node, 10) < PROJECT_NODE_MAJOR;
  const isInstalled = isOld ? ciOnProjectNode(scratch, flags) : npm(["ci", ...WHOLE, ...flags]);
  rmSync(scratch, { recursive: true, force: true });
  if (!isInstalled) fail("npm could not install the packages; its reason stands above.");
  if (!existsSync(projectNode)) {
    fail(`npm did not install ${nodePackage}: there is no such package, or its hash is not the lockfile's.`);
  }
  writeFileSync(stamp, lock);
  say(`packages installed in ${Math.round((Date.now() - startedMs) / 1000)} s`);
}

function findChromium() {
  if (process.env.BROWSER_PATH) return process.env.BROWSER_PATH;
  const installed = SYSTEM_BROWSERS.map(onPath).find((path) => path !== undefined);
  if (installed) return installed;
  const { chromium } = createRequire(join(root, "package.json"))("playwright");
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined;
}

/** True when the distribution's package was installed; false where this user may not, or there is no apt. */
function installedByApt(what, ...packages) {
  const asRoot =
    process.getuid?.() === 0
      ? []
      : onPath("sudo") && succeeds("sudo", ["-n", "true"], { stdio: "ignore" })
        ? ["sudo", "-n"]
        : undefined;
  if (!onPath("apt-get") || !asRoot) return false;
  say(`installing ${what} from the distribution's packages…`);
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
    return succeeds(command, rest, { stdio: ["ignore", "ignore", 2] });
  };
  return apt("update", "-qq") && apt("install", "-y", "-qq", "--no-install-recommends", ...packages);
}

/** Tests of headed browsers need a display of their own, which setup brings along as it does Chromium. */
function installDisplay() {
  if (onPath("Xvfb") || installedByApt("Xvfb", "xvfb")) return;
  say("no Xvfb here and none could be installed: tests of headed browsers are left out, or fail where CI=true.");
}

function installChromium() {
  const found = findChromium();
  if (found) {
    if (existsSync(found)) return found;
    fail(`BROWSER_PATH is ${found}, where nothing is. Unset it to have Chromium found or installed.`);
  }
  if (installedByApt("Chromium", "chromium") && findChromium()) return findChromium();
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
function become(command, args, env, signals) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => signals.includes(signal) && child.kill(signal));
  }
  if (process.env.npm_lifecycle_event) endWithParent(child);
  child.on("error", (error) => fail(`${command} did not start: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** npm passes SIGINT and SIGTERM on, but dies of SIGHUP and SIGKILL; nobody could end the command then. */
function endWithParent(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill("SIGTERM");
  }, PARENT_CHECK_MS);
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
else if (["run", "test", "tool"].includes(verb)) {
  const env = {
    ...(verb !== "tool" && { BROWSER_PATH: installChromium() }),
    PATH: [join(modules, nodePackage, "bin"), join(modules, ".bin"), process.env.PATH].join(delimiter),
  };
  if (verb === "run") {
    // Tells that a signal may come from this process, from npm and from the terminal at once: src/process/shutdown.ts.
    const launched = { ...env, GATEWAY_LAUNCHER: "setup" };
    become(projectNode, [...NODE_FLAGS, ...rest], launched, ["SIGINT", "SIGTERM", "SIGHUP"]);
  } else {
    if (verb === "test") installDisplay();
    // Ctrl-C reaches the command by itself; vitest takes a second SIGINT for impatience.
    become(projectNode, [binOf(rest[0]), ...rest.slice(1)], env, ["SIGTERM", "SIGHUP"]);
  }
} else fail(`unknown command ${verb}; one of: run, test, tool, check`);
