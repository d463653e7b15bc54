import { expect, onTestFinished, test, vi } from "vitest";
import { RateLimiter, type Permit } from "../../src/pool/rate-limiter.ts";

const WINDOW_MS = 20;

function limiterAtOnce(): RateLimiter {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const limiter = new RateLimiter({ count: 1, windowMs: WINDOW_MS });
  onTestFinished(() => limiter.stop());
  return limiter;
}

function setBack(): void {
  vi.setSystemTime(Date.now() - 7_200_000);
}

test("a clock that is set back does not make an account wait longer than its window", async () => {
  const limiter = limiterAtOnce();
  (await limiter.take()).spend();
  setBack();
  await expect(limiter.take()).resolves.toBeDefined();
});

test("requests that wait while the clock is set back are served in their order, a window apart", async () => {
  const limiter = limiterAtOnce();
  const served: string[] = [];
  let sentMs = -Infinity;
  const send = (name: string) => (permit: Permit) => {
    served.push(name);
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(WINDOW_MS - 1);
    sentMs = performance.now();
    permit.spend();
  };
  const first = await limiter.take();
  const waiting = ["second", "third"].map((name) => limiter.take().then(send(name)));
  setBack();
  send("first")(first);
  await Promise.all(waiting);
  expect(served).toEqual(["first", "second", "third"]);
});
