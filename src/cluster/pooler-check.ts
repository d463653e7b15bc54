import { StoreError } from "../store/store-error.ts";
import { Anchor, type AnchorOptions } from "./anchor.ts";

/**
 * Refuses a pooler that gives each transaction another session, as it would lose the locks. One that keeps a client's
 * session to its end is let through. To find out, a second client holds a transaction open: the first must not have the
 * same session then, nor another one than before.
 * @throws StoreError `store_pooled`
 */
export async function assertDirect(anchor: Anchor, options: AnchorOptions): Promise<void> {
  if (!anchor.isPooled) return;
  const [before] = await anchor.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await using other = await Anchor.open(options);
  await other.query("BEGIN");
  const [beside] = await other.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const [after] = await anchor.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await other.query("COMMIT");
  const pids = [anchor.backend.pid, before?.pid, after?.pid];
  if (new Set(pids).size === 1 && beside?.pid !== after?.pid) return;
  throw pooled(options.place);
}

export function pooled(place: string): StoreError {
  const message =
    `${place} is not PostgreSQL itself but a pooler that changes the session between statements (its transaction mode), ` +
    "which loses the locks of the accounts. Name PostgreSQL itself in DATABASE_DIRECT_URL.";
  return new StoreError("store_pooled", message);
}
