import { url as inspectorUrl } from "node:inspector";
import { Worker } from "node:worker_threads";

/** No work of the gateway blocks the event loop for a hundredth of this time. */
const LIMIT_MS = 30_000;
const LOOKS = 30;
/** The thread only compares two numbers each second. */
const RESOURCES = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 16, stackSizeMb: 1 };

/** Positions in `beats`, where the event loop writes and the thread reads. */
export const BEAT = 0;
export const IS_DEBUGGED = 1;

export interface WatchdogOptions {
  readonly beats: Int32Array;
  readonly lookEveryMs: number;
  readonly limitMs: number;
}

/**
 * Kills the process (SIGKILL, exit code 137) after one log line, when the event loop is blocked for `limitMs`. A service
 * manager restarts a process that ended, but not one that hangs. A debugger may pause the loop for any time, and time in
 * which the whole process was stopped or the machine was asleep does not count.
 */
export function startWatchdog(limitMs = LIMIT_MS): Disposable {
  const beats = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const lookEveryMs = limitMs / LOOKS;
  const beat = (): void => {
    Atomics.add(beats, BEAT, 1);
    Atomics.store(beats, IS_DEBUGGED, inspectorUrl() === undefined ? 0 : 1);
  };
  beat();
  const beating = setInterval(beat, lookEveryMs);
  const workerData: WatchdogOptions = { beats, lookEveryMs, limitMs };
  const thread = new Worker(new URL("watchdog-thread.ts", import.meta.url), {
    workerData,
    resourceLimits: RESOURCES,
    env: {},
    execArgv: [],
    name: "watchdog",
  });
  // The gateway also works without the thread.
  thread.on("error", () => clearInterval(beating));
  beating.unref();
  thread.unref();
  return {
    [Symbol.dispose]: () => {
      clearInterval(beating);
      thread.terminate().catch(() => undefined);
    },
  };
}
