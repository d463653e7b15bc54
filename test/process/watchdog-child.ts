/** A process with a watchdog that does what its argument names. */
import { open } from "node:inspector";
import { setTimeout } from "node:timers/promises";
import { startWatchdog } from "../../src/process/watchdog.ts";

const LIMIT_MS = 900;

function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

const DEEDS: Readonly<Record<string, () => unknown>> = {
  loop: () => block(Infinity),
  pattern: () => /^((a+)c?)+$/.test(`${"a".repeat(60)}b`),
  promises: async () => {
    for (;;) await Promise.resolve();
  },
  waiting: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  busy: async () => {
    for (let round = 0; round < 20; round += 1) {
      block(LIMIT_MS / 6);
      await setTimeout(1);
    }
  },
  debugged: async () => {
    open(0);
    // The watchdog hears of it with the next turn of the event loop.
    await setTimeout(LIMIT_MS / 6);
    block(2 * LIMIT_MS);
  },
  disposed: () => {
    watchdog[Symbol.dispose]();
    block(2 * LIMIT_MS);
  },
  nothing: () => undefined,
  stopped: () => setTimeout(3 * LIMIT_MS),
};

const watchdog = startWatchdog(LIMIT_MS);
await setTimeout(LIMIT_MS / 3);
process.stdout.write("begins\n");
await setTimeout(1);
await DEEDS[process.argv[2] ?? ""]?.();
// An open inspector would keep the process.
if (process.argv[2] !== "nothing") process.exit(0);
