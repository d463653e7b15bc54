import type { Database } from "./database.ts";
import { EventRecords, type NewEvent } from "./event-records.ts";
import { RequestRecords, type RequestTexts, type StoredRequest } from "./request-records.ts";
import { Seal } from "./seal.ts";
import { UsageRecords } from "./usage-records.ts";

/** What is written at once. */
export interface RecordBatch {
  /** Kept, each with its texts. */
  readonly requests: readonly (StoredRequest & RequestTexts)[];
  /** Counted in the sums. */
  readonly counted: readonly StoredRequest[];
  readonly events: readonly NewEvent[];
}

/** Requests, their sums and events. */
export class RecordStore {
  readonly requests: RequestRecords;
  readonly usage: UsageRecords;
  readonly events: EventRecords;
  readonly #database: Database;

  constructor(database: Database, dataKey: Buffer) {
    this.#database = database;
    this.requests = new RequestRecords(database, new Seal(dataKey));
    this.usage = new UsageRecords(database);
    this.events = new EventRecords(database);
  }

  /** Writes all or nothing. @throws StoreError */
  async write({ requests, counted, events }: RecordBatch): Promise<void> {
    await this.#database.run((db) =>
      db.transaction().execute(async (transaction) => {
        if (requests.length > 0) await this.requests.insert(transaction, requests);
        await this.usage.add(transaction, counted);
        if (events.length > 0) await this.events.insert(transaction, events);
      }),
    );
  }
}
