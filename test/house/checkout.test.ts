import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { Command, ROOT } from "../support/command.ts";

const NOT_IN_A_REPOSITORY = new Set([".git", ".env", "node_modules", "state", "coverage"]);
const INSTALL_LIMIT_MS = 600_000;

let folder: string;
let checkout: string;

function git(cwd: string, ...args: string[]): string {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
  return execFileSync("git", [...identity, ...args], { cwd, encoding: "utf8" });
}

/** What is here, cloned into a folder with a space and letters beyond ASCII, by a git that writes CRLF where it may. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gptomni-checkout-"));
  const origin = join(folder, "origin");
  await cp(ROOT, origin, {
    recursive: true,
    filter: (path) => !NOT_IN_A_REPOSITORY.has(relative(ROOT, path).split("/")[0] ?? ""),
  });
  git(origin, "init", "--quiet");
  git(origin, "add", "--all");
  git(origin, "commit", "--quiet", "--message=All of it");
  checkout = join(folder, "Proyectos año 项目");
  git(folder, "-c", "core.autocrlf=true", "clone", "--quiet", origin, checkout);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("no file of a clone ends its lines with CRLF, whatever git is set to", () => {
  const attributes = git(checkout, "ls-files", "--eol").split("\n");
  expect(attributes.filter((line) => /w\/(crlf|mixed)/.test(line))).toEqual([]);
});

/** As a user whose home is not to be written to, on a machine where npm is told to leave out what is not production. */
const HARD_ENVIRONMENT = {
  NODE_ENV: "production",
  npm_config_omit: "dev optional",
  npm_config_ignore_scripts: "true",
  npm_config_prefer_offline: "true",
  HOME: "/proc/1",
};

test(
  "the README's commands work from a fresh clone, in production mode, without a home to write to",
  { timeout: INSTALL_LIMIT_MS },
  async () => {
    await using site = await Simulator.start();
    const settings = {
      ...HARD_ENVIRONMENT,
      GPTOMNI_ORIGIN: site.origin,
      BROWSER_ARGS: site.browserArgs,
      GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: site.addAccount("alice") }]),
    };
    await using doctor = await Command.run(["npm", "run", "doctor"], settings, checkout);
    expect([await doctor.ended(), doctor.output]).toEqual([0, expect.stringMatching(/^ok {4}account alice/m)]);
    expect(doctor.output).toMatch(/setup: installing packages from the lockfile/);
    expect(doctor.output).toMatch(/setup: packages installed in \d+ s/);
    await using gateway = await Command.run(["npm", "start"], settings, checkout);
    await gateway.says(/"session open"/);
    gateway.signalFirst("SIGTERM");
    await gateway.ended();
    await expect.poll(() => gateway.processes()).toEqual([]);
    expect(gateway.output).not.toContain("installing packages");
  },
);

test("no package runs code of its own when it is installed, and the lockfile pins each by its hash", async () => {
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { integrity?: string; hasInstallScript?: boolean; link?: boolean }>;
  };
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
  expect(packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
  const needed = packages.filter(([path, { hasInstallScript }]) => hasInstallScript && !path.endsWith("fsevents"));
  expect(needed).toEqual([]);
  expect(await readFile(join(ROOT, ".npmrc"), "utf8")).toMatch(/^ignore-scripts=true$/m);
});

test(
  "the Node that runs the gateway is the lockfile's, and a changed one is not installed",
  { timeout: INSTALL_LIMIT_MS },
  async () => {
    const altered = join(folder, "altered");
    await mkdir(altered);
    for (const name of ["package.json", "package-lock.json", ".npmrc", "scripts"]) {
      await cp(join(ROOT, name), join(altered, name), { recursive: true });
    }
    const path = join(altered, "package-lock.json");
    const lock = JSON.parse(await readFile(path, "utf8")) as { packages: Record<string, { integrity: string }> };
    const node = lock.packages[`node_modules/node-linux-${process.arch}`];
    expect(node).toBeDefined();
    if (node) node.integrity = `sha512-${Buffer.alloc(64).toString("base64")}`;
    await writeFile(path, JSON.stringify(lock));
    await using command = await Command.run(["npm", "start"], {}, altered);
    expect(await command.ended()).toBe(1);
    expect(command.output).toMatch(/its hash is not the lockfile's|EINTEGRITY/);
    await expect(stat(join(altered, "node_modules", `node-linux-${process.arch}`, "bin", "node"))).rejects.toThrow(
      /ENOENT/,
    );
  },
);

test("the packages behind stealth are those that its used evasions need", async () => {
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { name?: string; dev?: boolean; optional?: boolean }>;
  };
  const shipped = Object.entries(lock.packages).filter(([path, { dev, optional }]) => path !== "" && !dev && !optional);
  const names = shipped.map(([path, { name }]) => name ?? path.split("node_modules/").at(-1));
  for (const dormant of [
    "merge-deep",
    "rimraf",
    "glob",
    "inflight",
    "fs-extra",
    "puppeteer-extra-plugin-user-data-dir",
  ])
    expect(names).not.toContain(dormant);
});
