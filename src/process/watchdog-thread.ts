import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { BEAT, IS_DEBUGGED, type WatchdogOptions } from "./watchdog.ts";

const STDOUT = 1;
const { beats, lookEveryMs, limitMs } = workerData as WatchdogOptions;
let lastBeat = Atomics.load(beats, BEAT);
let lastLookMs = performance.now();
let stillMs = 0;

setInterval(() => {
  const beat = Atomics.load(beats, BEAT);
  const nowMs = performance.now();
  // This thread pauses, too, when the machine sleeps. So a late look counts no more than one that came in time.
  const sinceMs = Math.min(nowMs - lastLookMs, 2 * lookEveryMs);
  const isMoving = beat !== lastBeat || Atomics.load(beats, IS_DEBUGGED) === 1;
  stillMs = isMoving ? 0 : stillMs + sinceMs;
  lastBeat = beat;
  lastLookMs = nowMs;
  if (stillMs >= limitMs) end();
}, lookEveryMs);

function end(): void {
  const msg = `the event loop stood still for ${limitMs / 1_000} s: the gateway ends`;
  try {
    writeSync(STDOUT, `${JSON.stringify({ level: 60, time: Date.now(), msg })}\n`);
  } catch {
    // A full pipe that nobody reads must not keep the process alive.
  }
  // A thread cannot exit for the process.
  process.kill(process.pid, "SIGKILL");
}
