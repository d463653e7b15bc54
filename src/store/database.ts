import type { Kysely } from "kysely";
import type { StoreClock } from "./database-clock.ts";
import type { Schema } from "./schema.ts";
import type { Topic } from "./store-changes.ts";

/** An open database with the schema of this version. All methods throw StoreError only. */
export interface Database extends AsyncDisposable {
  /** Where it is, for messages to the operator. Holds no secret. */
  readonly place: string;
  /** Whether several gateways use it at the same time. */
  readonly isShared: boolean;
  readonly clock: StoreClock;
  /** How to go on without what is stored, for the operator. */
  readonly remedy: string;
  run<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** All of the work or nothing. Gateways that share the database hear of it. */
  change<T>(topic: Topic, work: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** @throws StoreError when nothing can be written to it, or it is no longer where it was opened. */
  assertWritable(): Promise<void>;
}
