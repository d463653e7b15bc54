import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StoredAccount } from "../../src/store/stored-account.ts";
import { rotateSecretKey } from "../../src/store/rotate-secret.ts";
import { obtainSecretKey } from "../../src/store/secret-key.ts";
import { openStore } from "../../src/store/store.ts";
import { ENGINES, storePlace } from "../support/engines.ts";

const KEY = "a secret key of thirty-two bytes or more";
const OTHER_KEY = "another secret key of thirty-two bytes";
const ALICE = { id: "alice", signInKey: "token=configured", cookie: "token=configured" };
const STORED: StoredAccount = {
  cookies: '[{"name":"token","value":"rotated"}]',
  state: "ready",
  reason: "",
  since: 1,
  nextTryAt: undefined,
  failuresInARow: 0,
  sentAt: [],
};

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "gptomni-rotate-"));
});
afterEach(async () => {
  await rm(stateDir, { recursive: true });
});

function rotate(before?: string, next?: string): Promise<void> {
  return rotateSecretKey({ store: { stateDir }, configured: before, next });
}

/** What is stored of alice's cookies, with the key as it is now. */
async function open(configured?: string): Promise<string | undefined> {
  await using store = await openStore({ stateDir, secretKey: configured });
  return (await store.accounts.load(ALICE))?.cookies;
}

async function save(configured?: string): Promise<void> {
  await using store = await openStore({ stateDir, secretKey: configured });
  await store.accounts.save(ALICE, STORED);
}

test("another key takes the kept one's place, and everything that is stored stays", async () => {
  const before = await obtainSecretKey(stateDir);
  await save();
  await rotate();
  expect((await obtainSecretKey(stateDir)).equals(before)).toBe(false);
  expect(await open()).toBe(STORED.cookies);
  await expect(openStore({ stateDir, secretKey: before.toString() })).rejects.toMatchObject({ code: "seal_broken" });
  expect((await readdir(stateDir)).toSorted()).toEqual(["gateway.sqlite", "secret-key"]);
});

test("the key is not changed while a gateway runs", async () => {
  await using _running = await openStore({ stateDir, secretKey: undefined });
  await expect(rotate()).rejects.toMatchObject({ code: "store_in_use" });
});

test("a change that was interrupted before anything was sealed is done by the next run", async () => {
  await save();
  await writeFile(join(stateDir, "secret-key.next"), OTHER_KEY);
  expect(await open()).toBe(STORED.cookies);
  await rotate();
  expect((await obtainSecretKey(stateDir)).toString()).toBe(OTHER_KEY);
  expect(await open()).toBe(STORED.cookies);
});

test("a change that was interrupted before the file was replaced is finished by the next run", async () => {
  const before = await obtainSecretKey(stateDir);
  await save();
  await rotate();
  await rename(join(stateDir, "secret-key"), join(stateDir, "secret-key.next"));
  await writeFile(join(stateDir, "secret-key"), before);
  await expect(open()).rejects.toThrow("was interrupted, run it again");
  await rotate();
  expect(await open()).toBe(STORED.cookies);
});

test("where the key is configured, the new one has to be given", async () => {
  await save(KEY);
  await expect(rotate(KEY)).rejects.toThrow("give the new one as NEW_SECRET_KEY");
  await expect(rotate(KEY, "short")).rejects.toThrow("The secret key in NEW_SECRET_KEY has 5 characters");
  await rotate(KEY, OTHER_KEY);
  expect(await open(OTHER_KEY)).toBe(STORED.cookies);
  await expect(open(KEY)).rejects.toMatchObject({ code: "seal_broken" });
});

test.each(ENGINES)("a configured key is changed on %s, and the one before opens nothing any more", async (engine) => {
  const place = await storePlace(engine);
  const { secretKey, ...store } = place.options;
  await (async () => {
    await using opened = await place.open();
    await opened.accounts.save(ALICE, STORED);
  })();
  await rotateSecretKey({ store, configured: secretKey, next: OTHER_KEY });
  await expect(place.open()).rejects.toMatchObject({ code: "seal_broken" });
  await using opened = await place.open(OTHER_KEY);
  expect(await opened.accounts.load(ALICE)).toMatchObject({ cookies: STORED.cookies });
});
