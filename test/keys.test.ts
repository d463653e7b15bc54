import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { obtainApiKey } from "../src/keys.ts";

let stateDir: string;
beforeEach(async () => {
  stateDir = join(await mkdtemp(join(tmpdir(), "gptomni-keys-")), "state");
});
afterEach(async () => {
  await rm(join(stateDir, ".."), { recursive: true });
});

test("without a key one is made, kept for its owner only, and used again", async () => {
  const first = await obtainApiKey({ apiKey: undefined, stateDir });
  expect(first).toMatchObject({ isNew: true, warnings: [] });
  expect(first.value).toMatch(/^sk-gateway-[\w-]{43}$/);
  const path = join(stateDir, "api-key");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
  const second = await obtainApiKey({ apiKey: undefined, stateDir });
  expect(second).toEqual({ value: first.value, isNew: false, warnings: [] });
});

test("a key file that others could read is closed, with a warning", async () => {
  await obtainApiKey({ apiKey: undefined, stateDir });
  const path = join(stateDir, "api-key");
  await chmod(path, 0o644);
  const key = await obtainApiKey({ apiKey: undefined, stateDir });
  expect(key.warnings).toHaveLength(1);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a configured key is used as it is and written nowhere", async () => {
  expect(await obtainApiKey({ apiKey: "mine", stateDir })).toEqual({ value: "mine", isNew: false, warnings: [] });
  await expect(readFile(join(stateDir, "api-key"))).rejects.toThrow("ENOENT");
});
