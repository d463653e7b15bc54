import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";
import { Seal } from "./seal.ts";
import { StoreError } from "./store-error.ts";

const DATA_KEY_BYTES = 32;
const DATA_KEY_CONTEXT = "data key";

/** Identifies a SECRET_KEY without revealing anything about it. */
function keyIdOf(secretKey: Buffer): string {
  return new Seal(secretKey).digest("", "key id").slice(0, 8);
}

/**
 * The database's own key. It seals all rows, and SECRET_KEY seals it, so a new SECRET_KEY means that one row is sealed anew.
 * A wrong SECRET_KEY is found here, at the start, and not when the first account is needed.
 * @throws StoreError `seal_broken` with the remedy when another SECRET_KEY seals what is there.
 */
export async function claimKey(database: Database, secretKey: Buffer): Promise<Buffer> {
  const known = await database.run((db) => db.selectFrom("seal").selectAll().executeTakeFirst());
  if (known && known.key_id !== keyIdOf(secretKey)) {
    throw sealedOtherwise(database, ` (key ${known.key_id}; this one is ${keyIdOf(secretKey)})`);
  }
  if (known) return Buffer.from(new Seal(secretKey).open(known.data_key, DATA_KEY_CONTEXT), "base64url");
  if (await hasOtherRows(database, new Seal(secretKey))) throw sealedOtherwise(database, "");
  const made = sealedBy(secretKey, randomBytes(DATA_KEY_BYTES));
  await database.run((db) =>
    db
      .insertInto("seal")
      .values(made)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
  // Another gateway may have been faster.
  return claimKey(database, secretKey);
}

/** Seals the database's own key with another SECRET_KEY, in one step. @throws StoreError as `claimKey` does. */
export async function changeSecretKey(database: Database, before: Buffer, after: Buffer): Promise<void> {
  const dataKey = await claimKey(database, before);
  await database.run((db) => db.updateTable("seal").set(sealedBy(after, dataKey)).execute());
}

/** Writes that SECRET_KEY seals this key of a new database. */
export async function sealDataKey(db: Kysely<Schema>, secretKey: Buffer, dataKey: Buffer): Promise<void> {
  await db.insertInto("seal").values(sealedBy(secretKey, dataKey)).execute();
}

function sealedBy(secretKey: Buffer, dataKey: Buffer): { readonly key_id: string; readonly data_key: string } {
  const sealed = new Seal(secretKey).seal(dataKey.toString("base64url"), DATA_KEY_CONTEXT);
  return { key_id: keyIdOf(secretKey), data_key: sealed };
}

function sealedOtherwise(database: Database, ids: string): StoreError {
  const advice = database.isShared
    ? "Every replica needs the same one."
    : "Set that one again, or put its secret-key file back into STATE_DIR; where `npm run rotate-secret` was " +
      "interrupted, run it again.";
  const message = `${database.place} was sealed with another SECRET_KEY${ids}. ${advice} If the key is lost: ${database.remedy}`;
  return new StoreError("seal_broken", message);
}

/**
 * Whether there are rows from before the database had a key of its own, and another SECRET_KEY seals them. One row that
 * opens proves the key right: other rows may have been altered.
 */
async function hasOtherRows(database: Database, seal: Seal): Promise<boolean> {
  const rows = await database.run((db) => db.selectFrom("account").select(["key", "cookies"]).execute());
  const opens = rows.some(({ key, cookies }) => {
    try {
      seal.open(cookies, key);
      return true;
    } catch {
      return false;
    }
  });
  return rows.length > 0 && !opens;
}
