import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** What each zone may import from src; `type` edges count too. Everything absent here is forbidden. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  chat: [],
  errors: [],
  site: ["chat"],
  setting: ["config"],
  settings: ["setting", "credentials", "memory"],
  config: ["setting", "settings", "credentials", "site", "sites"],
  memory: [],
  scratch: ["config"],
  process: ["config", "log", "scratch"],
  stop: ["log"],
  alerts: ["log", "pool", "setting"],
  "session-states": ["browser", "log", "pool", "store"],
  roster: ["accounts", "alerts", "browser", "config", "credentials", "log", "pool", "session-states", "store"],
  accounts: ["browser", "config", "credentials", "credentials-file", "errors", "log", "site", "sites", "store"],
  "credentials-file": ["credentials", "config", "site"],
  store: ["errors", "config"],
  credentials: ["config"],
  log: ["log-sink", "observe"],
  observe: [],
  "log-sink": [],
  keys: ["config", "errors", "log"],
  sites: ["site", "chat", "errors"],
  browser: ["site", "scratch", "errors", "log", "config"],
  pool: ["browser", "site", "memory", "store", "errors", "log", "config"],
  gateway: ["pool", "site", "chat", "errors", "log"],
  turn: ["chat", "errors"],
  openai: ["turn", "chat", "errors"],
  anthropic: ["turn", "chat", "errors"],
  metrics: ["http", "pool"],
  http: ["gateway", "pool", "openai", "anthropic", "turn", "chat", "errors", "log", "config"],
  simulator: [],
  doctor: ["process", "accounts", "browser", "site", "sites", "store", "config", "errors", "log"],
  main: [
    "process",
    "alerts",
    "metrics",
    "roster",
    "session-states",
    "credentials",
    "memory",
    "store",
    "credentials",
    "site",
    "browser",
    "pool",
    "gateway",
    "http",
    "sites",
    "config",
    "log",
    "errors",
  ],
  cli: [
    "process",
    "accounts",
    "store",
    "credentials",
    "process",
    "scratch",
    "stop",
    "main",
    "config",
    "keys",
    "log",
    "doctor",
    "simulator",
  ],
};

/** Packages that one place only may know. */
const FENCES: Readonly<Record<string, readonly string[]>> = {
  "generic-pool": ["pool/shelf.ts"],
  bottleneck: ["pool/pace.ts"],
  "playwright-extra": ["browser/launch.ts"],
  "puppeteer-extra-plugin-stealth": ["browser/launch.ts"],
  playwright: ["browser/"],
  selfsigned: ["simulator/"],
  express: ["http/"],
  "rate-limiter-flexible": ["http/key-brake.ts"],
  zod: [
    "openai/",
    "anthropic/",
    "turn/params.ts",
    "turn/issue.ts",
    "settings.ts",
    "settings/",
    "setting.ts",
    "credentials.ts",
    "config/",
    "accounts/",
  ],
  pino: ["log.ts"],
  "prom-client": ["metrics.ts"],
  "pino-pretty": ["log.ts"],
  "gpt-tokenizer": ["turn/tokens.ts"],
  ajv: ["turn/"],
  kysely: ["store/"],
  "node:sqlite": ["store/"],
};

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));

function importsOf(path: string): string[] {
  const source = readFileSync(join(SRC, path), "utf8");
  const found = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s+["']([^"']+)["']|import\(["']([^"']+)["']\)/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? "");
}

function zoneOf(path: string): string {
  return (path.split("/")[0] ?? path).replace(/\.ts$/, "");
}

describe("the direction of imports", () => {
  test.each(files)("src/%s imports only what its zone may", (path) => {
    const allowed = MAY_IMPORT[zoneOf(path)];
    expect(allowed, `no rule for zone ${zoneOf(path)}`).toBeDefined();
    const foreign = importsOf(path)
      .filter((name) => name.startsWith("."))
      .map((name) => zoneOf(relative(SRC, resolve(SRC, dirname(path), name))))
      .filter((zone) => zone !== zoneOf(path) && !allowed?.includes(zone));
    expect(foreign).toEqual([]);
  });

  test.each(Object.entries(FENCES))("%s is known to %s only", (name, places) => {
    const outside = files
      .filter((path) => importsOf(path).some((imported) => imported === name || imported.startsWith(`${name}/`)))
      .filter((path) => !places.some((place) => path.startsWith(place)));
    expect(outside).toEqual([]);
  });

  test("the script that runs in the page imports nothing", () => {
    expect(importsOf("browser/in-page.ts")).toEqual([]);
  });

  test("there are no drawers and no barrels", () => {
    const drawers = files.filter((path) =>
      /(^|\/)(utils?|helpers?|common|shared|types|services|lib)(\/|\.ts$)/.test(path),
    );
    const barrels = files.filter((path) => {
      const lines = readFileSync(join(SRC, path), "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "");
      return lines.every((line) => /^export .* from /.test(line));
    });
    expect([...drawers, ...barrels]).toEqual([]);
  });
});
