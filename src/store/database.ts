import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";

/** An open database with the schema of this version. All methods throw StoreError only. */
export interface Database extends AsyncDisposable {
  /** Where it is, for messages to the operator. */
  readonly place: string;
  run<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** @throws StoreError when it is no longer where it was opened. */
  assertInPlace(): Promise<void>;
}
