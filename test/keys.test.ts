import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { obtainKeys } from "../src/keys.ts";

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
