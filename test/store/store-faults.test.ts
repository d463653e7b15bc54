import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StoredAccount } from "../../src/store/stored-account.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { limitFiles, tinyDisk } from "../support/store-disk.ts";

const secretKey = "a secret key of thirty-two bytes or more";
const ALICE = { id: "alice", signInKey: "cookie", cookie: "cookie" };
const COOKIE_CHARACTERS = 20_000;

let stateDir: string;
let path: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "gptomni-store-"));
  path = join(stateDir, "gateway.sqlite");
});
afterEach(async () => {
  await rm(stateDir, { recursive: true });
});

/** Its cookies tell by their every character which save they are of. */
function storedAfter(count: number): StoredAccount {
  const cookies = String(count % 10).repeat(COOKIE_CHARACTERS);
  return {
    cookies,
    state: "ready",
    reason: "",
    since: 1,
    nextTryAt: undefined,
    failuresInARow: count,
    sentAt: [count],
  };
}

async function save(...counts: readonly number[]): Promise<void> {
  await using store = await openStore({ stateDir, secretKey });
  for (const count of counts) await store.accounts.save(ALICE, storedAfter(count));
}

async function load(): Promise<StoredAccount | undefined> {
  await using store = await openStore({ stateDir, secretKey });
  return await loadFrom(store);
}

/** What was stored of alice, in the form in which it was saved. */
async function loadFrom(store: Store): Promise<StoredAccount | undefined> {
  const { isConfiguredAnew, ...stored } = (await store.accounts.load(ALICE)) ?? { isConfiguredAnew: undefined };
  return isConfiguredAnew === undefined ? undefined : (stored as StoredAccount);
}

async function refusal(): Promise<StoreError> {
  const failure: unknown = await load().then(
    () => "It was not refused.",
    (cause: unknown) => cause,
  );
  expect(failure).toBeInstanceOf(StoreError);
  return failure as StoreError;
}

/** Another gateway that saves without end; it says the count of each save that it has made. */
const SAVER = `
  const [storePath, stateDir, secretKey, characters] = process.argv.slice(1);
  const { openStore } = await import(storePath);
  const store = await openStore({ stateDir, secretKey });
  for (let count = 0; ; count += 1) {
    const cookies = String(count % 10).repeat(Number(characters));
    await store.accounts.save(${JSON.stringify(ALICE)}, { cookies, state: "ready", reason: "", since: 1, failuresInARow: count, sentAt: [count] });
    await new Promise((resolve) => process.stdout.write(count + "\\n", resolve));
  }`;

type Saver = ChildProcessByStdio<null, Readable, null>;

function startSaver(): Saver {
  const modulePath = join(import.meta.dirname, "../../src/store/store.ts");
  const parameters = [modulePath, stateDir, secretKey, String(COOKIE_CHARACTERS)];
  return spawn(process.execPath, ["--input-type=module", "-e", SAVER, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** The last save it made, when it is killed as soon as it has made so many. */
async function killAfter(saves: number, saver: Saver): Promise<number> {
  let last = -1;
  for await (const line of createInterface({ input: saver.stdout })) {
    last = Number(line);
    if (last === saves) saver.kill("SIGKILL");
  }
  return last;
}

describe("a process that is killed while it saves", () => {
  test("leaves a whole value, none older than the last save it made", async () => {
    for (const saves of [0, 1, 7, 60, 400]) {
      await rm(path, { force: true });
      const last = await killAfter(saves, startSaver());
      expect(last).toBeGreaterThanOrEqual(saves);
      const found = await load();
      expect(found?.failuresInARow).toBeGreaterThanOrEqual(last);
      expect(found).toEqual(storedAfter(found?.failuresInARow ?? -1));
    }
  });

  test("leaves whole values in a log that is cut short afterwards", async () => {
    await killAfter(20, startSaver());
    const keep = await mkdtemp(join(tmpdir(), "gptomni-store-"));
    await copyFile(path, join(keep, "main"));
    await copyFile(`${path}-wal`, join(keep, "wal"));
    const { size } = await stat(join(keep, "wal"));
    for (let bytes = 0; bytes < size; bytes += Math.ceil(size / 23)) {
      await copyFile(join(keep, "main"), path);
      await copyFile(join(keep, "wal"), `${path}-wal`);
      await truncate(`${path}-wal`, bytes);
      const found = await load();
      const count = found?.failuresInARow;
      expect(found).toEqual(count === undefined ? undefined : storedAfter(count));
    }
    await rm(keep, { recursive: true });
  });
});

describe("a second gateway on the same STATE_DIR", () => {
  test("is refused while the first runs, and let in when that was killed", async () => {
    const saver = startSaver();
    try {
      await once(saver.stdout, "data");
      const failure = await refusal();
      expect(failure.code).toBe("store_in_use");
      expect(failure.message).toBe(`Another gateway uses this STATE_DIR: ${path} is locked.`);
    } finally {
      saver.kill("SIGKILL");
    }
    await once(saver, "exit");
    expect(await load()).toBeDefined();
  });

  test("is refused in the same process too, and harms nothing", async () => {
    await using store = await openStore({ stateDir, secretKey });
    expect((await refusal()).code).toBe("store_in_use");
    await store.accounts.save(ALICE, storedAfter(1));
    expect(await loadFrom(store)).toEqual(storedAfter(1));
  });
});

describe("a file that cannot be used", () => {
  const REMEDY = /Move it away .* starts afresh from the configured cookies/;

  test("is refused when it was cut short", async () => {
    await save(1, 2, 3);
    const whole = await readFile(path);
    for (const bytes of [2, 16, 50, 100, 511, 512, 4095, 4096, 4097, whole.length >> 1, whole.length - 4096]) {
      await writeFile(path, whole.subarray(0, bytes));
      const failure = await refusal();
      expect(failure.code).toBe("store_damaged");
      expect(failure.message).toContain(path);
      expect(failure.message).toMatch(REMEDY);
    }
  });

  test("is left as it is, for who wants to recover something from it", async () => {
    await save(1, 2, 3);
    const cut = (await readFile(path)).subarray(0, 30_000);
    await writeFile(path, cut);
    expect((await refusal()).code).toBe("store_damaged");
    expect(await readFile(path)).toEqual(cut);
  });

  test("is refused when a page of it was overwritten", async () => {
    await save(1, 2, 3);
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xaa, 4096, 8192));
    const failure = await refusal();
    expect(failure.code).toBe("store_damaged");
    expect(failure.message).toMatch(REMEDY);
  });

  test("is served from when only its records are damaged", async () => {
    await save(1);
    const sqlite = new DatabaseSync(path);
    const { rootpage } = sqlite.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").get() ?? {};
    sqlite.close();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xaa, (Number(rootpage) - 1) * 4096, Number(rootpage) * 4096));
    await using store = await openStore({ stateDir, secretKey });
    expect(await loadFrom(store)).toEqual(storedAfter(1));
    await expect(store.records.events.page({}, 1)).rejects.toMatchObject({ code: "store_damaged" });
  });

  test("is refused when it is no database", async () => {
    await writeFile(path, "Not a database at all. ".repeat(1000));
    const failure = await refusal();
    expect(failure.code).toBe("store_damaged");
    expect(failure.message).toMatch(REMEDY);
  });

  test("is refused when it is another program's, and left as it is", async () => {
    const sqlite = new DatabaseSync(path);
    sqlite.exec("CREATE TABLE recipe (title TEXT)");
    sqlite.close();
    const bytes = await readFile(path);
    const failure = await refusal();
    expect(failure.code).toBe("store_foreign");
    expect(failure.message).toMatch(REMEDY);
    expect(await readFile(path)).toEqual(bytes);
  });

  test("is refused when a newer gateway wrote it, and kept for that one", async () => {
    await save(1);
    const sqlite = new DatabaseSync(path);
    sqlite.exec("INSERT INTO kysely_migration VALUES ('999-later', '2099-01-01T00:00:00.000Z')");
    sqlite.close();
    const failure = await refusal();
    expect(failure.code).toBe("store_too_new");
    expect(failure.message).toContain(`${path} was written by a newer gateway (999-later)`);
    const after = new DatabaseSync(path);
    after.exec("DELETE FROM kysely_migration WHERE name = '999-later'");
    after.close();
    expect(await load()).toEqual(storedAfter(1));
  });

  test("is refused when it is a folder", async () => {
    await mkdir(path);
    expect((await refusal()).code).toBe("store_unavailable");
  });

  test("is taken as new when it is empty, as a start that was killed may leave it", async () => {
    await writeFile(path, "");
    expect(await load()).toBeUndefined();
    await save(1);
    expect(await load()).toEqual(storedAfter(1));
  });

  test("is closed to others when it was open to them", async () => {
    await save(1);
    await chmod(path, 0o644);
    expect(await load()).toEqual(storedAfter(1));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});

describe.skipIf(process.platform !== "linux")("a full disk", () => {
  test("fails the saves, keeps what was stored, and is over when there is room", async () => {
    using disk = tinyDisk(stateDir);
    await using store = await openStore({ stateDir, secretKey });
    await store.accounts.save(ALICE, storedAfter(1));
    disk.fill();
    for (const count of [2, 3, 4]) {
      const failure = store.accounts.save(ALICE, storedAfter(count));
      await expect(failure).rejects.toMatchObject({ name: "StoreError", code: "store_unavailable" });
      await expect(failure).rejects.toThrow("the room on its disk");
      expect(await loadFrom(store)).toEqual(storedAfter(1));
    }
    disk.makeRoom();
    await store.accounts.save(ALICE, storedAfter(5));
    expect(await loadFrom(store)).toEqual(storedAfter(5));
  });

  test("fails the start, which succeeds when there is room", async () => {
    using disk = tinyDisk(stateDir);
    disk.fill();
    expect((await refusal()).code).toBe("store_unavailable");
    disk.makeRoom();
    expect(await load()).toBeUndefined();
  });

  test("may come as a limit on the size of files", async () => {
    await using store = await openStore({ stateDir, secretKey });
    await store.accounts.save(ALICE, storedAfter(1));
    limitFiles("1");
    try {
      await expect(store.accounts.save(ALICE, storedAfter(2))).rejects.toMatchObject({ code: "store_unavailable" });
      expect(await loadFrom(store)).toEqual(storedAfter(1));
    } finally {
      limitFiles("unlimited");
    }
    await store.accounts.save(ALICE, storedAfter(3));
    expect(await loadFrom(store)).toEqual(storedAfter(3));
  });
});
