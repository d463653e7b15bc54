import { sql } from "kysely";

/** PostgreSQL's time at the start of the statement, in milliseconds since the epoch: the same for all of its rows. */
export const STATEMENT_NOW = sql<number>`floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint`;
