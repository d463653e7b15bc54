// Installs the packages of the lockfile, the project's own Node among them. For scripts/setup.mjs.
import { createHash } from "node:crypto";
import { accessSync, constants as access, existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fail, onPath, root, say, succeeds } from "./shell.mjs";

export const modules = join(root, "node_modules");
/** An install removes it with all packages. */
export const compileCache = join(modules, ".cache", "node");
const stamp = join(modules, ".setup-stamp");
/** The package with Node for this platform; the lockfile pins it by its hash. */
const nodePackage = `node-${process.platform}-${process.arch}`;
const nodeFolder = join(modules, nodePackage, "bin");
export const projectNode = join(nodeFolder, "node");
const PROJECT_NODE_MAJOR = 24;

/** PATH with the project's own Node and the commands of its packages first. */
export function projectPath() {
  return [nodeFolder, join(modules, ".bin"), process.env.PATH].join(delimiter);
}

function npm(args, options = {}) {
  return succeeds("npm", args, { stdio: ["ignore", 2, 2], ...options });
}

/** Engine warnings are about the installed Node, not about the project's own. */
const NPM_FLAGS = ["--no-audit", "--no-fund", "--loglevel=error"];
/** The commands need all packages, even if NODE_ENV or npm's settings leave some out. */
const WHOLE = ["--include=dev", "--include=optional"];

/**
 * npm leaves out optional packages whose engines do not fit the Node that it runs on. The native parts of the tools may need
 * a newer Node than the installed one. So the project's own Node is installed first, and npm runs on it.
 */
function ciOnProjectNode(folder, flags) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const path = `node_modules/${nodePackage}`;
  const { optional: _, ...pinned } =
    packages[path] ?? fail(`there is no ${nodePackage}: it runs on Linux, x64 or arm64.`);
  const lone = { name: "setup-node", version: "0.0.0", dependencies: { [nodePackage]: pinned.version } };
  const lock = { ...lone, lockfileVersion: 3, packages: { "": lone, [path]: pinned } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(lone));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
  say(`fetching Node ${pinned.version}, since this is Node ${process.versions.node}…`);
  const bin = join(folder, path, "bin");
  if (!npm(["ci", "--ignore-scripts", ...flags], { cwd: folder }) || !existsSync(join(bin, "node"))) return false;
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const cli = process.env.npm_execpath ?? realpathSync(onPath("npm") ?? "npm");
  return succeeds(join(bin, "node"), [cli, "ci", ...WHOLE, ...flags], { stdio: ["ignore", 2, 2], env });
}

/** npm's cache if this user may write to it, else a folder for this run only. */
function cacheFlags(folder) {
  try {
    const cache = process.env.npm_config_cache ?? join(homedir(), ".npm");
    mkdirSync(cache, { recursive: true });
    accessSync(cache, access.W_OK);
    return [];
  } catch {
    return [`--cache=${join(folder, "cache")}`];
  }
}

export function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock && existsSync(projectNode)) return;
  say("installing packages from the lockfile (about a minute the first time)…");
  const startedMs = Date.now();
  const folder = mkdtempSync(join(tmpdir(), "setup-"));
  const flags = [...NPM_FLAGS, ...cacheFlags(folder)];
  const isOld = Number.parseInt(process.versions.node, 10) < PROJECT_NODE_MAJOR;
  const isInstalled = isOld ? ciOnProjectNode(folder, flags) : npm(["ci", ...WHOLE, ...flags]);
  rmSync(folder, { recursive: true, force: true });
  if (!isInstalled) fail("npm could not install the packages; its reason stands above.");
  if (!existsSync(projectNode)) {
    fail(`npm did not install ${nodePackage}: there is no such package, or its hash is not the lockfile's.`);
  }
  writeFileSync(stamp, lock);
  say(`packages installed in ${Math.round((Date.now() - startedMs) / 1000)} s`);
}

/** The script behind a package's command, to be run on the project's own Node. */
export function binOf(name) {
  const folder = join(modules, name === "tsc" ? "typescript" : name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}
