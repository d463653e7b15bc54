import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const TESTS = import.meta.dirname;
const ROOT = dirname(TESTS);

export const TIERS = [
  "fast",
  "thorough",
  "browser",
  "processes",
  "install",
  "faults",
  "cluster",
  "container",
  "chart",
  "clients",
] as const;
type Tier = (typeof TIERS)[number];

/** Folders and files with a tier of their own. The tier of all other files follows from what they reach. */
const NAMED: Readonly<Record<string, Tier>> = {
  // These need neither a browser nor PostgreSQL, and take as long together as all others without them.
  "accounts/rotated-tokens": "thorough",
  "cluster/lost-replicas": "thorough",
  "cluster/routing": "thorough",
  "fuzz/fuzz": "thorough",
  "http/idle-connections": "thorough",
  "http/stream-lines": "thorough",
  "store/sqlite-thread": "thorough",
  "store/store-faults": "thorough",
  "turn/emulation/linear-time": "thorough",
  "turn/schema/schema-checker": "thorough",
  "faults/catalogue": "faults",
  // Faults of replicas and of their database.
  "cluster/fail-over": "cluster",
  "cluster/fences": "cluster",
  "cluster/frozen": "cluster",
  "cluster/gateways": "cluster",
  "cluster/one-owner": "cluster",
  "cluster-admin/two-replicas": "cluster",
  // All others of its folder.
  "cluster-admin/": "thorough",
  "replicas/nginx": "cluster",
  "replicas/pgbouncer": "cluster",
  "replicas/replicas": "cluster",
  "replicas/silent-network": "cluster",
  "house/checkout": "install",
  "container/": "container",
  "chart/": "chart",
  "clients/": "clients",
};

/** The file that starts PostgreSQL. */
const POSTGRES = "support/postgres-server";
/** These start a process that has browsers of its own: a gateway, another command, or a server of browsers. */
const STARTERS = new Set(["support/command", "faults/gateway-process", "browser/remote/remote-servers"]);
/** So ends the name of a file that a test starts as a process. */
const CHILD = "-child";

/** The test files of a tier, relative to this folder. */
export function testFilesOf(tier: Tier): string[] {
  const files = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".test.ts"));
  return files.filter((path) => tierOf(path) === tier);
}

export function tierOf(path: string): Tier {
  const named = Object.entries(NAMED).find(([start]) => path.startsWith(start));
  if (named) return named[1];
  const reached = reachedBy(join(TESTS, path));
  if ([...reached].some((file) => namedIn(file).importsPlaywright)) {
    return [...reached].some(startsProcess) ? "processes" : "browser";
  }
  return [...reached].some((file) => nameOf(file) === POSTGRES) ? "thorough" : "fast";
}

function startsProcess(path: string): boolean {
  const name = nameOf(path);
  return name.endsWith(CHILD) || STARTERS.has(name);
}

function nameOf(path: string): string {
  return relative(TESTS, path).replace(/\.ts$/, "");
}

/** The file, and all files that it and they import or start as a process. */
function reachedBy(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const file of namedIn(path).files) reachedBy(file, seen);
  return seen;
}

interface Named {
  readonly importsPlaywright: boolean;
  /** Files that are imported, or named for a process to run. */
  readonly files: readonly string[];
}

const read = new Map<string, Named>();

function namedIn(path: string): Named {
  const known = read.get(path);
  if (known) return known;
  const source = withoutTypeImports(readFileSync(path, "utf8"));
  const names = [...source.matchAll(/"([\w./-]+\.ts)"/g)].map(([, name = ""]) => name);
  const named = {
    importsPlaywright: /from "playwright(-extra)?"/.test(source),
    files: names.flatMap((name) => [resolve(dirname(path), name), join(ROOT, name)]).filter(existsSync),
  };
  read.set(path, named);
  return named;
}

/** Imports of types are gone when a file runs. */
function withoutTypeImports(source: string): string {
  return source.replaceAll(/^import (type [^;]*|\{(\s*type \w+,?)+\s*\}) from "[^"]+";$/gm, "");
}
