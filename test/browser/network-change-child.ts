import { execFileSync } from "node:child_process";
import { openWorld } from "../support/world.ts";

/**
 * Runs in a network namespace of its own: asks while interfaces change, and prints a line of JSON. Arguments: how often the
 * network changes, and when: `head` before the answer's head, `text` between head and first text.
 */
const [, , times = "1", phase = "head"] = process.argv;

const ip = (...words: readonly string[]): unknown => execFileSync("ip", words, { stdio: "ignore" });
ip("link", "set", "lo", "up");
ip("link", "add", "v0", "type", "veth", "peer", "name", "v1");
ip("link", "set", "v0", "up");
ip("link", "set", "v1", "up");

await using world = await openWorld({ waitUntilReady: false, ownBrowsers: true });
const fault = phase === "head" ? { delayMs: 1_500 } : { firstByteDelayMs: 1_500 };
const answer = world.post("/v1/chat/completions", {
  model: "gptomni",
  messages: [{ role: "user", content: `@sim ${JSON.stringify(fault)}\nhello` }],
});
const { simulator } = world;
for (let change = 1; change <= Number(times); change += 1) {
  await simulator.record.waitFor(
    ({ id, status }) => id === change && (phase === "head" || status !== undefined),
    60_000,
  );
  ip("address", "add", `10.9.${change}.1/24`, "dev", "v0");
  await simulator.waitForAbort(({ id }) => id === change, 60_000);
}
const response = await answer;
const posts = simulator.posts.map(({ account, startedAt, finishedAt, aborted }) => ({
  account,
  startedAt,
  finishedAt,
  aborted,
}));
const attempts = response.headers.get("x-gateway-attempts");
console.log(`result ${JSON.stringify({ status: response.status, body: await response.text(), attempts, posts })}`);
