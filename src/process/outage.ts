import type { Log } from "../observe/log.ts";

/** A time in which no browser starts. */
export interface Outage {
  /** On the clock of performance.now(). */
  readonly sinceMs: number;
  readonly reason: string;
}

const CHECK_EVERY_MS = 1_000;

/** Why the process can no longer serve: no browser started for longer than the limit. Undefined while it can. */
export function giveUpReason(outage: Outage | undefined, limitMs: number): string | undefined {
  if (outage === undefined || performance.now() - outage.sinceMs < limitMs) return undefined;
  return `no browser started for ${Math.round((performance.now() - outage.sinceMs) / 1000)} s: ${outage.reason}`;
}

/** Calls `giveUp` once, when there is a reason: then only a new process or a person can help. */
export function watchOutage(reason: () => string | undefined, log: Log, giveUp: () => void): Disposable {
  const timer = setInterval(() => {
    const why = reason();
    if (why === undefined) return;
    clearInterval(timer);
    log.error({ reason: why }, "the gateway gives up and ends; a supervisor may start it again");
    giveUp();
  }, CHECK_EVERY_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
