import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { obtainKeys } from "../../src/config/keys.ts";

const ABSENT = { apiKey: undefined, adminKey: undefined };
let stateDir: string;
beforeEach(async () => {
  stateDir = join(await mkdtemp(join(tmpdir(), "gptomni-keys-")), "state");
});
afterEach(async () => {
  await rm(join(stateDir, ".."), { recursive: true });
});

test("without keys they are made, kept for its owner only, and used again", async () => {
  const first = await obtainKeys({ ...ABSENT, stateDir });
  expect(first).toMatchObject({ api: { isNew: true, warnings: [] }, admin: { isNew: true, warnings: [] } });
  expect(first.api.value).toMatch(/^sk-gateway-[\w-]{43}$/);
  expect(first.admin.value).toMatch(/^sk-admin-[\w-]{43}$/);
  for (const name of ["api-key", "admin-key"]) expect((await stat(join(stateDir, name))).mode & 0o777).toBe(0o600);
  expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
  const second = await obtainKeys({ ...ABSENT, stateDir });
  expect(second.api).toEqual({ value: first.api.value, isNew: false, warnings: [] });
  expect(second.admin).toEqual({ value: first.admin.value, isNew: false, warnings: [] });
});

test("a key file that others could read is closed, with a warning", async () => {
  await obtainKeys({ ...ABSENT, stateDir });
  const path = join(stateDir, "api-key");
  await chmod(path, 0o644);
  const { api } = await obtainKeys({ ...ABSENT, stateDir });
  expect(api.warnings).toHaveLength(1);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a configured key is used as it is and written nowhere", async () => {
  expect(await obtainKeys({ apiKey: "mine", adminKey: "my own", stateDir })).toEqual({
    api: { value: "mine", isNew: false, warnings: [] },
    admin: { value: "my own", isNew: false, warnings: [] },
  });
  await expect(readFile(join(stateDir, "api-key"))).rejects.toThrow("ENOENT");
});

test("starts at the same moment print the same keys, which are the ones that are kept", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => obtainKeys({ ...ABSENT, stateDir })));
  expect(new Set(all.map(({ api }) => api.value)).size).toBe(1);
  expect(new Set(all.map(({ admin }) => admin.value)).size).toBe(1);
  // Only one of them shows it.
  expect(all.filter(({ api }) => api.isNew)).toHaveLength(1);
  expect((await readFile(join(stateDir, "api-key"), "utf8")).trim()).toBe(all[0]?.api.value);
  expect((await readdir(stateDir)).toSorted()).toEqual(["admin-key", "api-key"]);
});

test("a state folder that others could look into is closed", async () => {
  await mkdir(stateDir, { mode: 0o755 });
  await chmod(stateDir, 0o755);
  await obtainKeys({ ...ABSENT, stateDir });
  expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
});

test("a key file that is empty is said to be, and never filled where others may read it", async () => {
  await mkdir(stateDir);
  const path = join(stateDir, "api-key");
  await writeFile(path, "", { mode: 0o644 });
  await expect(obtainKeys({ ...ABSENT, stateDir })).rejects.toThrow(`The key in ${path} is empty. Remove the file`);
  expect(await readFile(path, "utf8")).toBe("");
});

test("a state folder that cannot be used is one line that names the setting", async () => {
  await writeFile(stateDir, "a file");
  const failure = obtainKeys({ ...ABSENT, stateDir });
  await expect(failure).rejects.toMatchObject({ name: "ConfigError" });
  await expect(failure).rejects.toThrow("set API_MASTER_KEY");
});
