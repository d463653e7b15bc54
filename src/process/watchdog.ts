import { url as inspectorUrl } from "node:inspector";
import { Worker } from "node:worker_threads";

/** No work of the gateway blocks the event loop for even a hundredth of this. */
const LIMIT_MS = 30_000;
const LOOKS = 30;
/** Its thread compares two numbers a second. */
const RESOURCES = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 16, stackSizeMb: 1 };

/** What the event loop tells the thread, by position. */
export const BEAT = 0;
export const IS_DEBUGGED = 1;

export interface WatchdogOptions {
  readonly beats: Int32Array;
  readonly lookEveryMs: number;
  readonly limitMs: number;
}

/**
 * Ends the process by SIGKILL (exit code 137), after one line in the log, when its event loop stands still for
 * `limitMs`: a service manager starts what ended, but not what hangs. A debugger may hold the loop as long as it likes,
 * and time that the whole process was stopped or the machine asleep does not count.
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
  // Without it the gateway serves as well.
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
