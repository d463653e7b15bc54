import { DatabaseError } from "pg";
import { StoreError } from "./store-error.ts";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const HINTS: Readonly<Record<string, string>> = {
  "28000": "Look at the user and the password in DATABASE_URL.",
  "28P01": "Look at the user and the password in DATABASE_URL.",
  "3D000": "Create the database, or look at its name in DATABASE_URL.",
  "42501": "Its user needs the rights to create tables and to write to them.",
  "25006": "It is a standby that takes no writes: DATABASE_URL is to name the primary.",
  "53100": "Its disk is full.",
  "53300": "Raise max_connections there: each replica uses up to eight.",
};
const CORRUPT = /^XX00[12]$/;
const SERVER = "Look at DATABASE_URL and at the database server.";

/** What a failure of `pg` means for the operator of the database. */
export function postgresError(place: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  if (!(cause instanceof DatabaseError)) {
    const { message, code = "" } = cause as NodeJS.ErrnoException;
    return new StoreError("store_unavailable", `${place} does not answer (${message || code}). ${SERVER}`, { cause });
  }
  const { code = "", message: reason } = cause;
  if (CORRUPT.test(code)) return new StoreError("store_damaged", `${place} is damaged (${reason}).`, { cause });
  const message = `${place} cannot be used (${reason}). ${HINTS[code] ?? SERVER}`;
  return new StoreError("store_unavailable", message, { cause });
}
