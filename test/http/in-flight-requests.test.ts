import { expect, test } from "vitest";
import type { Reply } from "../../src/gateway.ts";
import { InFlightRequests } from "../../src/http/in-flight-requests.ts";
import { hangs } from "../support/scripted-gateway.ts";

const QUESTION = { key: "the same", isRepeated: true };

test("a request that is asked again counts as open while one of its readers has a status, and no longer", async () => {
  const running = new InFlightRequests();
  let isOpen: (() => boolean) | undefined;
  let asked = 0;
  const start = (signal: AbortSignal, isAnyOpen: () => boolean): Reply => {
    asked += 1;
    isOpen = isAnyOpen;
    return { progress: {} as Reply["progress"], [Symbol.asyncIterator]: () => hangs()({} as never, signal) };
  };
  const read = (hasStatus: boolean): AbortController => {
    const leaving = new AbortController();
    const reply = running.read(QUESTION, start, { signal: leaving.signal, isOpen: () => hasStatus });
    const next = reply[Symbol.asyncIterator]().next();
    next.catch(() => {});
    return leaving;
  };
  const first = read(false);
  expect(isOpen?.()).toBe(false);
  const second = read(true);
  expect(isOpen?.()).toBe(true);
  first.abort(new Error("The client left."));
  expect(isOpen?.()).toBe(true);
  read(false);
  second.abort(new Error("The client left."));
  expect([isOpen?.(), asked]).toEqual([false, 1]);
});
