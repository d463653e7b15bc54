import { REMEDY, StoreError } from "./store-error.ts";

/** https://sqlite.org/rescode.html; the low byte of an extended code is its primary code. */
const PRIMARY_CODE = 0xff;
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** What SQLite's error means for the operator of the file. */
export function sqliteError(path: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const { errcode = 0, message: reason } = cause as { readonly errcode?: number; readonly message?: string };
  const code = errcode & PRIMARY_CODE;
  if (code === SQLITE_BUSY) {
    return new StoreError("store_in_use", `Another gateway uses this STATE_DIR: ${path} is locked.`, { cause });
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new StoreError("store_damaged", `${path} is damaged (${reason}). ${REMEDY}`, { cause });
  }
  const message = `${path} cannot be used (${reason}). Look at its rights and at the room on its disk.`;
  return new StoreError("store_unavailable", message, { cause });
}
