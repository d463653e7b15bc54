/** An event loop with nothing to do, and how late it came at the worst. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parentPort } from "node:worker_threads";

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

parentPort?.on("message", () => {
  parentPort?.postMessage(delay.max / 1e6);
  delay.reset();
});
