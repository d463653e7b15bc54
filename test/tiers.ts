import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const TESTS = import.meta.dirname;
const ROOT = dirname(TESTS);

export const TIERS = [
  "fast",
  "thorough",
  "browser",
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
  // These need no browser, and take as long together as all others without one.
  "accounts/rotated-tokens": "thorough",
  "cluster/fences": "thorough",
  "cluster/frozen": "thorough",
  "cluster/one-owner": "thorough",
  "fuzz/fuzz": "thorough",
  "http/idle-connections": "thorough",
  "http/stream-lines": "thorough",
  "store/sqlite-thread": "thorough",
  "store/store-faults": "thorough",
  "turn/emulation/linear-time": "thorough",
  "turn/schema/schema-checker": "thorough",
  "faults/catalogue": "faults",
  "replicas/nginx": "cluster",
  "replicas/replicas": "cluster",
  "house/checkout": "install",
  "container/": "container",
  "chart/": "chart",
  "clients/": "clients",
};

/** The test files of a tier, relative to this folder. */
export function testFilesOf(tier: Tier): string[] {
  const files = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".test.ts"));
  return files.filter((path) => tierOf(path) === tier);
}

export function tierOf(path: string): Tier {
  const named = Object.entries(NAMED).find(([start]) => path.startsWith(start));
  return named?.[1] ?? (reachesBrowser(join(TESTS, path)) ? "browser" : "fast");
}

/** Whether the file imports Playwright, or any file does that it imports or starts as a process. */
function reachesBrowser(path: string, seen = new Set<string>()): boolean {
  if (seen.has(path)) return false;
  seen.add(path);
  const { importsPlaywright, files } = namedIn(path);
  return importsPlaywright || files.some((file) => reachesBrowser(file, seen));
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
