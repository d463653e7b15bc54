/**
 * store_unavailable: it cannot be read or written at the moment (full disk, rights); a later try may work ·
 * store_in_use: another process holds it · store_damaged: corrupt or cut short · store_foreign: another program's
 * database · store_too_new: a later version of the gateway wrote it · seal_broken: wrong key, or altered or moved data ·
 * secret_key_unusable: too short, or its file cannot be read or written · move_refused: there is nothing to move, or the target
 * is not empty · store_pooled: a pooler before the database loses locks.
 */
type StoreErrorCode =
  | "store_unavailable"
  | "store_in_use"
  | "store_damaged"
  | "store_foreign"
  | "store_too_new"
  | "seal_broken"
  | "secret_key_unusable"
  | "move_refused"
  | "store_pooled";

/** How to go on without what is stored. */
export const REMEDY =
  "Move it away (with its -wal file, if there is one): the gateway then starts afresh from the configured cookies. " +
  "What is lost are rotated tokens and rest periods.";

/** What the store throws. Its message is for the operator: it names files and settings and never shows stored values. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
