import type { Log } from "../observe/log.ts";

/** For work that nobody awaits. It handles its own failures, so one that gets here is a bug, and is logged. */
export function inBackground(work: Promise<unknown>, log: Pick<Log, "error">): void {
  work.catch((cause: unknown) => log.error({ err: cause }, "the pool failed"));
}
