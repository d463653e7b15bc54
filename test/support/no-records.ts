import type { RecordReader } from "../../src/records/records.ts";

const page = async () => ({ rows: [], next: undefined });

/** What the routes of records need where a test records nothing. */
export const NO_RECORDS: RecordReader = {
  requests: { page, find: async () => undefined },
  usage: { page },
  events: { page },
  flush: async () => undefined,
};
