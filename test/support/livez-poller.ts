/** Asks `GET /livez` again and again, and tells how long the longest answer took. */
import { Agent, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";

interface Message {
  readonly watch?: string | undefined;
  readonly tell?: boolean;
}

const EVERY_MS = 10;
/** A gateway that was killed or frozen never answers. */
const LIMIT_MS = 60_000;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let url: string | undefined;
let longestMs = 0;

/** Undefined where there was no answer. */
function answerMs(address: string): Promise<number | undefined> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const request = get(`${address}/livez`, { agent, timeout: LIMIT_MS }, (response) => {
      response.resume().once("end", () => resolve(performance.now() - startedMs));
      response.once("error", () => resolve(undefined));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(undefined));
  });
}

parentPort?.on("message", (message: Message) => {
  if (message.tell) {
    parentPort?.postMessage(longestMs);
    longestMs = 0;
  } else url = message.watch;
});

for (;;) {
  const address = url;
  const tookMs = address === undefined ? undefined : await answerMs(address);
  if (tookMs !== undefined && address === url) longestMs = Math.max(longestMs, tookMs);
  await delay(EVERY_MS);
}
