import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import {
  DatabaseError,
  Pool,
  types,
  type ClientBase,
  type CustomTypesConfig,
  type PoolClient,
  type PoolConfig,
} from "pg";
import { withSafeTls } from "./postgres-url.ts";

/** What connections are called in `pg_stat_activity`: those of a gateway, and those of a command that needs to be alone. */
export const GATEWAY_NAME = "gptomni-gateway";
export const COMMAND_NAME = "gptomni-gateway command";
/** How long a new connection, or a free one, is waited for. */
const CONNECT_LIMIT_MS = 5_000;
/** How long one statement may take. */
const STATEMENT_LIMIT_MS = 15_000;
/** What the database's own settings may say otherwise. */
const SESSION_LIMITS = `SELECT set_config(name, value, false) FROM (VALUES
  ('statement_timeout', '${STATEMENT_LIMIT_MS}'), ('idle_in_transaction_session_timeout', '${STATEMENT_LIMIT_MS}'),
  ('idle_session_timeout', '0'), ('default_transaction_isolation', 'read committed')) AS wanted (name, value)`;
/** A replica writes in batches, so few connections do. PostgreSQL has 100 by default. */
const MAX_CONNECTIONS = 6;
const IDLE_LIMIT_MS = 30_000;
/** The address may lead to another server by then. */
const LIFETIME_S = 60;
const KEEP_ALIVE_AFTER_MS = 5_000;
const IN_FAILED_TRANSACTION = "25P02";
const { INT8, NUMERIC } = types.builtins;

/** Whole numbers of 64 bits, and sums of them, are numbers. */
export const NUMBER_TYPES: CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === INT8 || oid === NUMERIC ? Number : types.getTypeParser(oid, format)),
};

export interface PostgresAddress {
  /** DATABASE_URL */
  readonly databaseUrl: string;
  /** DATABASE_DIRECT_URL: where PostgreSQL itself is, if DATABASE_URL is of a pooler. */
  readonly directUrl?: string | undefined;
  /** What its connections are called; those of a gateway unless given. */
  readonly applicationName?: string;
}

/** How the gateway connects: every wait has a limit, and whole numbers are numbers. */
export function connectionConfig(databaseUrl: string): PoolConfig {
  return {
    connectionString: withSafeTls(databaseUrl),
    application_name: GATEWAY_NAME,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    query_timeout: STATEMENT_LIMIT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    types: NUMBER_TYPES,
  };
}

/** Connections for kysely. One whose server did not answer in time, or broke off, is closed and not used again. */
export function postgresPool({
  databaseUrl,
  directUrl,
  applicationName = GATEWAY_NAME,
}: PostgresAddress): PostgresPool {
  const pool = new Pool({
    ...connectionConfig(databaseUrl),
    application_name: applicationName,
    max: MAX_CONNECTIONS,
    idleTimeoutMillis: IDLE_LIMIT_MS,
    maxLifetimeSeconds: LIFETIME_S,
    allowExitOnIdle: true,
    // Behind a pooler, limits would last longer than the transaction that has the connection.
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it
    ...(directUrl === undefined && { onConnect: limitSession }),
  });
  // The next statement finds out: an error that nobody listens to would end the process.
  pool.on("error", ignore);
  pool.on("connect", (client) => void client.on("error", ignore));
  return {
    options: pool.options,
    connect: async () => lent(await pool.connect()),
    end: () => pool.end(),
  };
}

/** By a statement: a pooler takes no such parameters at the start of a connection. */
async function limitSession(client: ClientBase): Promise<void> {
  await client.query(SESSION_LIMITS);
}

function lent(client: PoolClient): PostgresPoolClient {
  let isBroken = false;
  let lastFailure: unknown;
  const query = async <R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> => {
    try {
      return (await client.query(text, parameters.map(withoutNul))) as unknown as PostgresQueryResult<R>;
    } catch (cause) {
      isBroken ||= !(cause instanceof DatabaseError) || cause.severity !== "ERROR";
      // Says only that a statement before it failed in the same transaction.
      const isConsequence = cause instanceof DatabaseError && cause.code === IN_FAILED_TRANSACTION;
      if (!isConsequence) lastFailure = cause;
      throw lastFailure ?? cause;
    }
  };
  return {
    query: query as PostgresPoolClient["query"],
    release: (isDiscarded) => client.release(isDiscarded === true || isBroken),
  };
}

/** PostgreSQL keeps no text with this character, and callers can send it: in a model's name, for example. */
function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul);
  return typeof value === "string" ? value.replaceAll("\0", "\u{fffd}") : value;
}

function ignore(): void {}
