import { expect, test } from "vitest";
import { RequestQueue, type Caller } from "../../src/pool/request-queue.ts";

const PATIENT = new AbortController().signal;

/** A queue, and the requests that it served, in order. */
function queueOf(limit: number) {
  const queue = new RequestQueue<string>({ limit });
  const served: string[] = [];
  const refused: string[] = [];
  const join = (name: string, keyId = name, isBackground = false, again?: Caller): Caller => {
    const caller = again ?? { keyId, isBackground };
    const entry = { accepts: () => true, limitMs: 60_000, retryAfterMs: () => 1_000, availableNow: () => 0, caller };
    queue.wait(entry, PATIENT).then(
      () => served.push(name),
      (cause: { code: string }) => refused.push(`${name}: ${cause.code}`),
    );
    return caller;
  };
  const serveAll = async (): Promise<string[]> => {
    while (queue.offer("session")) await Promise.resolve();
    return served;
  };
  return { queue, join, serveAll, refused };
}

test("requests of one key are served in the order in which they came", async () => {
  const { join, serveAll } = queueOf(9);
  for (const name of ["1", "2", "3"]) join(name, "same");
  expect(await serveAll()).toEqual(["1", "2", "3"]);
});

test("each request has a position, in the order in which they will be served", async () => {
  const { queue, join, serveAll } = queueOf(9);
  const title = join("title", "a", true);
  const [first, second, other] = [join("a1", "a"), join("a2", "a"), join("b1", "b")];
  expect([first, second, other, title].map((caller) => queue.positionOf(caller))).toEqual([1, 3, 2, 4]);
  queue.offer("session");
  expect([first, other, second, title].map((caller) => queue.positionOf(caller))).toEqual([undefined, 1, 2, 3]);
  expect(await serveAll()).toEqual(["a1", "b1", "a2", "title"]);
});

test("positions follow the turns of the keys", async () => {
  const { queue, join, serveAll } = queueOf(9);
  const names = ["a1", "a2", "a3", "b1", "b2", "c1"];
  const callers = new Map(names.map((name) => [name, join(name, name[0])]));
  callers.set("a title", join("a title", "a", true));
  callers.set("b title", join("b title", "b", true));
  const places = [...callers].map(([name, caller]) => [queue.positionOf(caller) ?? 0, name] as const);
  const told = places.toSorted(([one], [other]) => one - other).map(([, name]) => name);
  expect(await serveAll()).toEqual(told);
  expect(told).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "b title", "a title"]);
});

test("a request that waits again after a failure keeps its position", async () => {
  const { queue, join, serveAll } = queueOf(9);
  const first = join("first", "same");
  for (const name of ["second", "third"]) join(name, "same");
  queue.offer("a session that fails");
  join("first again", "same", false, first);
  expect(queue.positionOf(first)).toBe(1);
  expect(await serveAll()).toEqual(["first", "first again", "second", "third"]);
});

test("a key with many requests does not keep another key from its turn", async () => {
  const { join, serveAll } = queueOf(9);
  for (const name of ["a1", "a2", "a3", "a4"]) join(name, "a");
  for (const name of ["b1", "b2"]) join(name, "b");
  expect(await serveAll()).toEqual(["a1", "b1", "a2", "b2", "a3", "a4"]);
});

test("background work is served last, and makes room when the queue is full", async () => {
  const { queue, join, serveAll, refused } = queueOf(3);
  join("title", "a", true);
  join("tags", "a", true);
  join("question 1", "a");
  join("question 2", "a");
  join("follow-ups", "a", true);
  await expect.poll(() => refused.toSorted()).toEqual(["follow-ups: rate_limit_exceeded", "tags: rate_limit_exceeded"]);
  expect(queue.length).toBe(3);
  expect(await serveAll()).toEqual(["question 1", "question 2", "title"]);
});

test("a full queue without background work refuses a newcomer", async () => {
  const { join, refused } = queueOf(1);
  join("first");
  join("second");
  await expect.poll(() => refused).toEqual(["second: rate_limit_exceeded"]);
});
