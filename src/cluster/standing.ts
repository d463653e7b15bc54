import type { Log } from "../observe/log.ts";
import { StoreError } from "../store/store-error.ts";
import { Anchor, type AnchorOptions } from "./anchor.ts";
import { forget, terminate } from "./heartbeat.ts";
import { Locks } from "./locks.ts";
import type { Peers } from "./peers.ts";
import { assertDirect } from "./pooler-check.ts";

/** A machine on which several replicas and their database start is slow: a session that comes too late is asked for again. */
const START_TRIES = 5;

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

/** The session with which a replica starts. @throws StoreError when the database is out of reach, or too late again and again. */
export function firstStanding(options: AnchorOptions, log: Pick<Log, "warn">): Promise<Standing> {
  return askedAgain(() => openStanding(options), log);
}

/** What a replica asks at its start. @throws StoreError as `firstStanding` does. */
export async function askedAgain<T>(ask: () => Promise<T>, log: Pick<Log, "warn">): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (cause) {
      if (!(cause instanceof StoreError) || cause.code !== "store_unavailable" || tries === START_TRIES) throw cause;
      log.warn({ reason: cause.message }, "the database did not answer at the start: it is asked again");
    }
  }
}

/** Ends the sessions of frozen replicas, so that others get their accounts, and forgets replicas that are gone. @throws StoreError */
export async function lookAfter({ frozen, gone }: Peers, { anchor }: Standing, log: Log): Promise<void> {
  for (const { id, backend_pid: pid, backend_start: startedAt } of frozen) {
    const isEnded = await terminate(anchor, { pid, startedAt });
    log.warn({ replica: id, isEnded }, "a replica says nothing and keeps its accounts: its session is ended");
  }
  if (gone.length > 0) await forget(anchor, gone);
}
