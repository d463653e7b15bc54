import { DatabaseError } from "pg";
import { StoreError } from "./store-error.ts";

/** Which setting an address of the database comes from. */
export type DatabaseSetting = "DATABASE_URL" | "DATABASE_DIRECT_URL";

type Hint = (setting: DatabaseSetting) => string;

const SIGN_IN: Hint = (setting) => `Look at the user and the password in ${setting}.`;
/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const OF_DATABASE: Readonly<Record<string, Hint>> = {
  "28000": SIGN_IN,
  "28P01": SIGN_IN,
  "3D000": (setting) => `Create the database, or look at its name in ${setting}.`,
  "42501": () => "Its user needs the rights to create tables in its schema and to write to them.",
  "25006": (setting) => `It is a standby or is set to be read only: ${setting} is to name a primary that takes writes.`,
  "3F000": () => "Its user has no schema: its search_path is to name one that there is.",
  "53100": () => "Its disk is full.",
  "53300": () => "Raise max_connections there: each replica uses up to nine.",
};
const UNKNOWN_AUTHORITY: Hint = (setting) =>
  `Name the certificate of the authority that signed the server's own: sslmode=verify-full&sslrootcert=/path/to/ca.crt in ${setting}.`;
/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const OF_CONNECTION: Readonly<Record<string, Hint>> = {
  CERT_HAS_EXPIRED: () => "Renew the server's certificate.",
  CERT_NOT_YET_VALID: () => "Look at the clocks, here and there.",
  ERR_TLS_CERT_ALTNAME_INVALID: (setting) =>
    `Name the server in ${setting} as its certificate does, or give it a certificate for this name.`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  ENOENT: (setting) => `Look at the files and the socket that ${setting} names.`,
  EACCES: (setting) => `Look at the rights of the files and the socket that ${setting} names.`,
};
const SERVER: Hint = (setting) => `Look at ${setting} and at the database server.`;
const CORRUPT = /^XX00[12]$/;
/** PgBouncer's words. */
const STATEMENT_MODE = /statement pooling mode/;

/** What a failure of `pg` means for the operator of the database. */
export function postgresError(place: string, cause: unknown, setting: DatabaseSetting = "DATABASE_URL"): StoreError {
  if (cause instanceof StoreError) return cause;
  if (!(cause instanceof DatabaseError)) {
    const { message, code = "" } = cause as NodeJS.ErrnoException;
    const hint = OF_CONNECTION[code] ?? SERVER;
    // Node's advice is for who starts it by hand.
    const reason = (message || code).replace(/; if the root CA.*$/s, "");
    return new StoreError("store_unavailable", `${place} does not answer (${reason}). ${hint(setting)}`, { cause });
  }
  const { code = "", message: reason } = cause;
  if (CORRUPT.test(code)) return new StoreError("store_damaged", `${place} is damaged (${reason}).`, { cause });
  if (STATEMENT_MODE.test(reason)) {
    const remedy = `Set its session or transaction mode, or name PostgreSQL itself in ${setting}.`;
    return new StoreError("store_pooled", `${place} is a pooler that takes no transactions (${reason}). ${remedy}`, {
      cause,
    });
  }
  const message = `${place} cannot be used (${reason}). ${(OF_DATABASE[code] ?? SERVER)(setting)}`;
  return new StoreError("store_unavailable", message, { cause });
}
