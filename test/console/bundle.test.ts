import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** What a browser loads before it shows anything, compressed, styles included. */
const FIRST_VIEW_LIMIT_BYTES = 260_000;

interface Chunk {
  readonly file: string;
  readonly css?: readonly string[];
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
}

let folder: string;
let chunks: Readonly<Record<string, Chunk>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gptomni-build-"));
  const configFile = join(ROOT, "console/vite.config.ts");
  await build({ configFile, logLevel: "silent", mode: "production", build: { outDir: folder, emptyOutDir: true } });
  chunks = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as typeof chunks;
});
afterAll(() => rm(folder, { recursive: true }));

/** The files that a chunk loads at once: itself, what it imports, and their styles. */
function filesOf(name: string, seen = new Set<string>()): Set<string> {
  const chunk = chunks[name];
  if (!chunk || seen.has(chunk.file)) return seen;
  for (const file of [chunk.file, ...(chunk.css ?? [])]) seen.add(file);
  for (const imported of chunk.imports ?? []) filesOf(imported, seen);
  return seen;
}

test("the console's first view is at most 260 kB, compressed", async () => {
  const files = ["index.html", ...filesOf("index.html")];
  const bytes = await Promise.all(files.map(async (file) => gzipSync(await readFile(join(folder, file))).length));
  expect(files.length).toBeGreaterThan(2);
  expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(FIRST_VIEW_LIMIT_BYTES);
});

test("charts are loaded when they are shown", () => {
  const first = filesOf("index.html");
  const chart = chunks["widgets/chart.tsx"];
  expect(chart).toBeDefined();
  expect(first.has(chart?.file ?? "")).toBe(false);
});

test("each compressed file is the plain one", async () => {
  const names = await readdir(join(folder, "assets"));
  const compressed = names.filter((name) => name.endsWith(".gz"));
  expect(compressed.length).toBeGreaterThan(2);
  for (const name of compressed) {
    const [small, plain] = [name, name.replace(/\.gz$/, "")].map((file) => readFile(join(folder, "assets", file)));
    expect(gunzipSync((await small) ?? Buffer.of()).equals((await plain) ?? Buffer.of(0))).toBe(true);
  }
});

test("the page has no code and no style in line", async () => {
  const page = await readFile(join(folder, "index.html"), "utf8");
  expect(page.match(/<script\b[^>]*>/g)).toEqual([expect.stringMatching(/ src="\/console\/assets\/[\w-]+\.js"/)]);
  expect(page).not.toMatch(/<style|style="| on\w+="/);
});
