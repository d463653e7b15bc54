import { expect, onTestFinished, test, vi } from "vitest";
import { RateLimiter } from "../../src/pool/rate-limiter.ts";

test("a clock that is set back does not make an account wait longer than its window", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const limiter = new RateLimiter({ count: 1, windowMs: 20 });
  onTestFinished(() => limiter.stop());
  (await limiter.take()).spend();
  vi.setSystemTime(Date.now() - 7_200_000);
  await expect(limiter.take()).resolves.toBeDefined();
});
