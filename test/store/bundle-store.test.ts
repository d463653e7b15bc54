import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { BundleStore } from "../../src/store/bundle-store.ts";

const DAY_MS = 86_400_000;
const ROOMY = { count: 100, bytes: 1_000_000, ageMs: 14 * DAY_MS };

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "gptomni-bundles-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
});

async function open(limits: Partial<typeof ROOMY> = {}): Promise<BundleStore> {
  const store = await BundleStore.open(stateDir, { ...ROOMY, ...limits });
  onTestFinished(() => store[Symbol.dispose]());
  return store;
}

function names(): Promise<string[]> {
  return readdir(join(stateDir, "bundles"));
}

test("a bundle is read back, after a restart too, and a newer one with its name takes its place", async () => {
  const store = await open();
  await store.save("one", { "a.txt": "first", "b.bin": Buffer.from([1, 2]) });
  await store.save("one", { "a.txt": "second" });
  const again = await open();
  for (const reader of [store, again]) {
    expect((await reader.read("one", "a.txt"))?.toString()).toBe("second");
    expect(await reader.read("one", "b.bin")).toBeUndefined();
    expect(await reader.read("two", "a.txt")).toBeUndefined();
  }
});

test.each([
  ["count", { count: 2 }],
  ["bytes", { bytes: 25 }],
])("the oldest go beyond the limit of %s, now and at the next start", async (_limit, limits) => {
  const store = await open(limits);
  for (const name of ["one", "two", "three"]) await store.save(name, { "a.txt": "ten bytes!" });
  expect((await names()).toSorted()).toEqual(["three", "two"]);
  const [kept] = [await open({ count: 1 })];
  expect(await names()).toEqual(["three"]);
  expect(await kept?.read("two", "a.txt")).toBeUndefined();
});

test("one that is too old is not shown, and is deleted", async () => {
  const store = await open();
  await store.save("old", { "a.txt": "text" }, Date.now() - 15 * DAY_MS);
  expect(await store.read("old", "a.txt")).toBeUndefined();
  expect(await names()).toEqual([]);
  await store.save("kept", { "a.txt": "text" });
  const before = new Date(Date.now() - 15 * DAY_MS);
  await utimes(join(stateDir, "bundles", "kept"), before, before);
  await open();
  expect(await names()).toEqual([]);
});

test("its files are their owner's only", async () => {
  const store = await open();
  await store.save("one", { "a.txt": "text" });
  for (const path of ["bundles", "bundles/one", "bundles/one/a.txt"]) {
    expect((await stat(join(stateDir, path))).mode & 0o077).toBe(0);
  }
});

test("what a killed write left is removed at the next start, and what others put there stays", async () => {
  await open();
  await mkdir(join(stateDir, "bundles", "one.draft"));
  await writeFile(join(stateDir, "bundles", "notes.txt"), "mine");
  await open();
  expect(await names()).toEqual(["notes.txt"]);
});

test("more bundles at once than a disk can take are refused, and later ones are taken again", async () => {
  const store = await open();
  const saves = Array.from({ length: 20 }, (_, index) => store.save(`b${index}`, { "a.txt": "text" }));
  const taken = (await Promise.all(saves)).filter(Boolean).length;
  expect([taken, (await names()).length]).toEqual([4, 4]);
  expect(await store.save("later", { "a.txt": "text" })).toBe(true);
});

test.each(["..", "a/b", "", "a.b"])("no name leads elsewhere: %j", async (name) => {
  const store = await open();
  await expect(store.save(name, {})).rejects.toThrow(TypeError);
  expect(await store.read(name, "../gateway.sqlite")).toBeUndefined();
});
