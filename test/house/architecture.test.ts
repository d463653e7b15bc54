import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { foreignZonesOf, importsOf, sourceFiles as files, zoneOf } from "../../scripts/docs/source-imports.ts";

const SRC = resolve(import.meta.dirname, "../../src");

/**
 * What each folder of src, and each file at its root, may import from the others; `type` imports count too. All other imports
 * fail, and so does a permission that no file uses.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  chat: [],
  errors: [],
  sites: ["chat", "errors"],
  credentials: ["sites"],
  config: ["credentials", "sites"],
  process: ["config", "observe"],
  observe: ["errors"],
  store: ["config", "process"],
  browser: ["credentials", "errors", "observe", "process", "sites"],
  pool: ["browser", "errors", "observe", "process", "sites"],
  alerts: ["config", "observe", "pool"],
  accounts: ["alerts", "browser", "config", "credentials", "errors", "observe", "pool", "process", "sites", "store"],
  "cluster-admin": [
    "accounts",
    "admin",
    "cluster",
    "credentials",
    "errors",
    "http",
    "live-view",
    "observe",
    "process",
    "records",
    "store",
  ],
  places: ["chat", "errors", "pool", "sites"],
  cluster: ["accounts", "browser", "chat", "credentials", "errors", "observe", "places", "pool", "process", "store"],
  gateway: ["chat", "errors", "places", "pool", "sites"],
  "live-view": ["admin", "browser", "errors", "http", "pool", "process", "sites"],
  turn: ["chat", "errors"],
  dialects: ["chat", "errors", "turn"],
  openapi: ["dialects", "errors", "http", "process"],
  keys: ["dialects", "errors", "http", "observe", "store"],
  records: ["observe", "pool", "store"],
  admin: [
    "accounts",
    "alerts",
    "config",
    "credentials",
    "dialects",
    "errors",
    "http",
    "keys",
    "observe",
    "pool",
    "records",
    "store",
  ],
  console: ["http"],
  http: ["chat", "dialects", "errors", "gateway", "observe", "turn"],
  simulator: [],
  doctor: ["browser", "config", "credentials", "errors", "observe", "process", "sites", "store"],
  commands: [
    "accounts",
    "browser",
    "config",
    "credentials",
    "doctor",
    "errors",
    "live-view",
    "main",
    "observe",
    "options",
    "process",
    "simulator",
    "sites",
    "store",
  ],
  main: [
    "accounts",
    "admin",
    "alerts",
    "browser",
    "cluster",
    "cluster-admin",
    "config",
    "console",
    "credentials",
    "gateway",
    "http",
    "keys",
    "live-view",
    "observe",
    "openapi",
    "options",
    "places",
    "pool",
    "process",
    "records",
    "sites",
    "store",
  ],
  options: ["config", "http", "sites", "store", "turn"],
  cli: ["commands", "config", "process", "store"],
};

/** Packages that one place only may know. */
const FENCES: Readonly<Record<string, readonly string[]>> = {
  "generic-pool": ["pool/idle-sessions.ts"],
  bottleneck: ["pool/rate-limiter.ts"],
  "playwright-extra": ["browser/launch.ts"],
  "puppeteer-extra-plugin-stealth": ["browser/launch.ts"],
  playwright: ["browser/"],
  selfsigned: ["simulator/"],
  express: ["http/", "admin/", "console/", "openapi/"],
  "zod-openapi": ["openapi/"],
  "swagger-ui-dist": ["openapi/docs-routes.ts"],
  helmet: ["http/audiences.ts"],
  "rate-limiter-flexible": ["http/key-brake.ts", "keys/window-counts.ts"],
  zod: [
    "admin/",
    "dialects/",
    "http/probes.ts",
    "http/route.ts",
    "live-view/messages.ts",
    "openapi/",
    "config/",
    "credentials/",
    "doctor/running-gateway.ts",
  ],
  pino: ["observe/log.ts"],
  "prom-client": ["observe/metrics.ts", "observe/metric-readings.ts"],
  "pino-pretty": ["observe/log.ts"],
  "gpt-tokenizer": ["turn/tokens.ts"],
  ajv: ["turn/"],
  kysely: ["store/"],
  pg: ["store/", "cluster/"],
  ws: ["browser/remote/cdp-socket.ts", "http/web-socket.ts", "live-view/"],
  "node:sqlite": ["store/"],
};

describe("the direction of imports", () => {
  test.each(files)("src/%s imports only what its zone may", (path) => {
    const allowed = MAY_IMPORT[zoneOf(path)];
    expect(allowed, `no rule for zone ${zoneOf(path)}`).toBeDefined();
    expect(foreignZonesOf(path).filter((zone) => !allowed?.includes(zone))).toEqual([]);
  });

  test.each(Object.entries(MAY_IMPORT))("%s uses each of its permissions", (zone, allowed) => {
    const used = new Set(files.filter((path) => zoneOf(path) === zone).flatMap((path) => foreignZonesOf(path)));
    expect(allowed.filter((name) => !used.has(name))).toEqual([]);
  });

  test("the root of src holds six files", () => {
    const atRoot = files.filter((path) => !path.includes("/"));
    expect(atRoot.toSorted()).toEqual(["chat.ts", "cli.ts", "errors.ts", "gateway.ts", "main.ts", "options.ts"]);
  });

  test.each(Object.entries(FENCES))("%s is known to %s only", (name, places) => {
    const outside = files
      .filter((path) => importsOf(path).some((one) => one.name === name || one.name.startsWith(`${name}/`)))
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
