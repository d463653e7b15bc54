import { rename } from "node:fs/promises";
import { readOrCreateSecret } from "../config/secret-file.ts";
import type { Database } from "./database.ts";
import { changeSecretKey, claimKey } from "./key-claim.ts";
import { keyFrom, newSecretKey, obtainSecretKey, secretKeyPath } from "./secret-key.ts";
import { SqliteFile } from "./sqlite-file.ts";
import { StoreError } from "./store-error.ts";
import { openDatabase, type StoreOptions } from "./store.ts";

interface SecretKeys {
  readonly store: Omit<StoreOptions, "secretKey">;
  /** SECRET_KEY; undefined where the key is kept in STATE_DIR. */
  readonly configured: string | undefined;
  /** NEW_SECRET_KEY; one is made where none is given. */
  readonly next: string | undefined;
}

/**
 * Seals what is stored with another SECRET_KEY. If the key is kept in STATE_DIR, its file is replaced. The next run finishes
 * one that was interrupted. With SQLite no gateway may run meanwhile; replicas on PostgreSQL go on until they are restarted.
 * @throws StoreError, with what to do.
 */
export async function rotateSecretKey({ store, configured, next }: SecretKeys): Promise<void> {
  if (configured !== undefined) {
    if (next === undefined) {
      throw new StoreError("secret_key_unusable", "SECRET_KEY is set: give the new one as NEW_SECRET_KEY.");
    }
    await using database = await openDatabase(store);
    await changeSecretKey(database, keyFrom(configured, "SECRET_KEY"), keyFrom(next, "NEW_SECRET_KEY"));
    return;
  }
  const { stateDir } = store;
  const before = await obtainSecretKey(stateDir);
  const path = secretKeyPath(stateDir);
  // The new key is written to disk before it seals anything. It becomes the key only after that.
  const { value } = await readOrCreateSecret(`${path}.next`, () => next ?? newSecretKey());
  const after = keyFrom(value, `${path}.next`);
  await using database = await SqliteFile.open(stateDir);
  await changeSecretKey(database, before, after).catch(async (cause: unknown) => {
    const isBroken = cause instanceof StoreError && cause.code === "seal_broken";
    if (!isBroken || !(await isSealedWith(database, after))) throw cause;
  });
  await rename(`${path}.next`, path);
}

/** True after a run that was interrupted before its last step. */
function isSealedWith(database: Database, key: Buffer): Promise<boolean> {
  return claimKey(database, key).then(
    () => true,
    () => false,
  );
}
