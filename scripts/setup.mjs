// Installs what a command needs, tells the user what it does, then runs the command on the project's own Node.
// It runs on Node 18 and without dependencies, because it installs them.
//
//   node scripts/setup.mjs run FILE.ts [ARGS…]     packages, the console, Chromium, then the file
//   node scripts/setup.mjs test COMMAND [ARGS…]    packages, the console, Chromium, Xvfb, PostgreSQL, then the command
//   node scripts/setup.mjs cluster COMMAND [ARGS…] packages, the console, Chromium, PostgreSQL, nginx, then the command
//   node scripts/setup.mjs tool COMMAND [ARGS…]    packages, then the command, which needs no browser
//   node scripts/setup.mjs docs                    packages, then the generated pages
//   node scripts/setup.mjs check                   packages, then format, lint, types, unused code
//   node scripts/setup.mjs console                 packages, then the console, even if its build is new
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { hasBrowsersElsewhere, installChromium, installDisplay } from "./setup/chromium.mjs";
import { buildConsole, buildConsoleIfOld } from "./setup/console.mjs";
import { binOf, compileCache, installPackages, projectNode, projectPath } from "./setup/packages.mjs";
import { installPostgres } from "./setup/postgres.mjs";
import { fail, root, say, succeeds } from "./setup/shell.mjs";
import { unpackForReplicas } from "./setup/unpacked.mjs";

/**
 * By default V8 lets 100 MiB more garbage of short-lived objects grow before it collects: test/bench/README.md. SIGUSR1 would
 * open the inspector to every user of this machine. docker/entrypoint has the same flags.
 */
const NODE_FLAGS = ["--max-semi-space-size=8", "--disable-sigusr1"];
/** How often to check whether npm, which started this process, still runs. */
const PARENT_CHECK_MS = 500;
/** Commands that use no browser of this machine where the settings name another machine's. */
const MAY_USE_OTHERS = new Set([undefined, "serve", "doctor"]);
const HELP = new Set(["-h", "--help", "-v", "--version", "help"]);

/** @type {[name: string, tool: string, args: string[]][]} */
const CHECKS = [
  ["format", "oxfmt", ["--check", "."]],
  ["lint", "oxlint", ["--type-aware", "--deny-warnings"]],
  ["types", "tsc", ["-p", "."]],
  ["types of the console", "tsc", ["-p", "console"]],
  ["unused code", "knip", []],
];

/** Runs the command in place of this process: passes signals on, and ends with its exit code when it ends. */
function become(command, args, env, signals) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => signals.includes(signal) && child.kill(signal));
  }
  if (process.env.npm_lifecycle_event) endWithParent(child);
  child.on("error", (error) => fail(`${command} did not start: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** npm passes SIGINT and SIGTERM on, but SIGHUP and SIGKILL end npm alone: the command would run on for ever. */
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

const [verb, ...rest] = process.argv.slice(2);
process.chdir(root);
installPackages();
if (verb === "check") check();
else if (verb === "console") process.exit(buildConsole() ? 0 : 1);
else if (verb === "docs") become(projectNode, ["scripts/docs/docs.ts"], {}, ["SIGTERM", "SIGHUP"]);
else if (["run", "test", "cluster", "tool"].includes(verb)) {
  // Neither a tool nor help needs a browser or the console.
  const isBare = verb === "tool" || rest.some((word) => HELP.has(word));
  const usesOthers = rest[0] === "src/cli.ts" && MAY_USE_OTHERS.has(rest[1]) && hasBrowsersElsewhere();
  if (!isBare) buildConsoleIfOld();
  const env = {
    ...(isBare || usesOthers ? {} : { BROWSER_PATH: installChromium() }),
    ...(verb === "cluster" ? unpackForReplicas() : {}),
    PATH: projectPath(),
    // Node keeps what it compiled there: the second start takes half the time.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache,
  };
  if (verb === "run") {
    // One signal may reach the command from this process, from npm and from the terminal: see src/process/shutdown.ts.
    const launched = { ...env, GATEWAY_LAUNCHER: "setup" };
    become(projectNode, [...NODE_FLAGS, ...rest], launched, ["SIGINT", "SIGTERM", "SIGHUP"]);
  } else {
    if (verb === "test") installDisplay();
    if (verb !== "tool") installPostgres();
    // The terminal sends Ctrl-C to the command itself; vitest would take another SIGINT for a second Ctrl-C.
    become(projectNode, [binOf(rest[0]), ...rest.slice(1)], env, ["SIGTERM", "SIGHUP"]);
  }
} else fail(`unknown command ${verb}; one of: run, test, cluster, tool, docs, check, console`);
