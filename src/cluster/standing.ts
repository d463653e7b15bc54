import type { Log } from "../observe/log.ts";
import { Anchor, type AnchorOptions } from "./anchor.ts";
import { forget, terminate } from "./heartbeat.ts";
import { Locks } from "./locks.ts";
import type { Peers } from "./peers.ts";
import { assertDirect } from "./pooler-check.ts";

/** A session of the database, and the locks that it holds. */
export interface Standing {
  readonly anchor: Anchor;
  readonly locks: Locks;
}

/** A new session without locks. @throws StoreError, also for a pooler that loses locks. */
export async function openStanding(options: AnchorOptions): Promise<Standing> {
  await using opened = new AsyncDisposableStack();
  const anchor = opened.use(await Anchor.open(options));
  await assertDirect(anchor, options);
  opened.move();
  return { anchor, locks: new Locks(anchor) };
}

/** Ends the sessions of frozen replicas, so that others get their accounts, and forgets replicas that are gone. @throws StoreError */
export async function lookAfter({ frozen, gone }: Peers, { anchor }: Standing, log: Log): Promise<void> {
  for (const { id, backend_pid: pid, backend_start: startedAt } of frozen) {
    const isEnded = await terminate(anchor, { pid, startedAt });
    log.warn({ replica: id, isEnded }, "a replica says nothing and keeps its accounts: its session is ended");
  }
  if (gone.length > 0) await forget(anchor, gone);
}
