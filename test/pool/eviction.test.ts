import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestQueue, type Caller } from "../../src/pool/request-queue.ts";

const PATIENT = new AbortController().signal;

interface Asker extends Caller {
  readonly number: number;
}

interface Step {
  readonly act: "ask" | "serve" | "open";
  readonly keyId: string;
  readonly isBackground: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    { weight: 6, arbitrary: fc.constant("ask" as const) },
    { weight: 2, arbitrary: fc.constantFrom("serve" as const, "open" as const) },
  ),
  keyId: fc.constantFrom("anna", "anna", "anna", "ben", "cem"),
  isBackground: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
});

/** A queue that knows which requests wait in it, newest last, and which it refused. */
class Scene {
  readonly #queue: RequestQueue<string>;
  readonly open = new Set<Asker>();
  #waiting: Asker[] = [];
  #asked = 0;
  #loser: Asker | undefined;

  constructor(limit: number) {
    this.#queue = new RequestQueue({ limit });
  }

  get waiting(): readonly Asker[] {
    return this.#waiting;
  }

  get order(): readonly Asker[] {
    return this.#queue.inOrder().map(({ caller }) => caller as Asker);
  }

  /** Returns the request that is refused; the newcomer waits unless it is that one. */
  async ask({ keyId, isBackground }: Pick<Step, "keyId" | "isBackground">): Promise<Asker | undefined> {
    this.#asked += 1;
    const caller: Asker = { keyId, isBackground, number: this.#asked, isOpen: () => this.open.has(caller) };
    this.#waiting = [...this.#waiting, caller];
    const entry = { accepts: () => true, limitMs: 60_000, retryAfterMs: () => 1_000, availableNow: () => 0, caller };
    this.#queue.wait(entry, PATIENT).then(
      () => this.#forget(caller),
      () => this.#forget((this.#loser = caller)),
    );
    await new Promise(setImmediate);
    const loser = this.#loser;
    this.#loser = undefined;
    return loser;
  }

  async serve(): Promise<void> {
    this.#queue.offer("session");
    await new Promise(setImmediate);
  }

  openOneOf(keyId: string): void {
    const waiter = this.#waiting.find((asker) => asker.keyId === keyId && !this.open.has(asker));
    if (waiter) this.open.add(waiter);
  }

  #forget(caller: Asker): void {
    this.#waiting = this.#waiting.filter((other) => other !== caller);
  }
}

function countOf(askers: readonly Asker[], keyId: string): number {
  return askers.filter((asker) => asker.keyId === keyId).length;
}

test("only a key that has more than its share loses a request, and it loses its newest", async () => {
  let [own, others, beyond] = [0, 0, 0];
  const property = fc.asyncProperty(
    fc.integer({ min: 0, max: 8 }),
    fc.array(step, { minLength: 10, maxLength: 60 }),
    async (limit, steps) => {
      const scene = new Scene(limit);
      for (const { act, keyId, isBackground } of steps) {
        if (act === "open") for (let count = 0; count < limit; count += 1) scene.openOneOf(keyId);
        if (act === "serve") await scene.serve();
        if (act !== "ask") continue;
        const before = scene.waiting;
        const order = scene.order;
        const loser = await scene.ask({ keyId, isBackground });
        const newcomer = scene.waiting.find((asker) => !before.includes(asker)) ?? loser;
        const isFull = before.length >= limit;
        expect(isFull || loser === undefined).toBe(true);
        if (!newcomer || !loser) {
          beyond += isFull ? 1 : 0;
          continue;
        }
        own += loser === newcomer ? 1 : 0;
        others += loser === newcomer ? 0 : 1;
        const everybody = [...before, newcomer];
        const share = limit / new Set(everybody.map((asker) => asker.keyId)).size;
        const movable = everybody.filter((asker) => !scene.open.has(asker));
        expect(movable).toContain(loser);
        expect(loser.isBackground || countOf(everybody, loser.keyId) > share).toBe(true);
        const alike = movable.filter((asker) => asker.keyId === loser.keyId);
        const later = alike.filter((asker) => asker.number > loser.number && asker.isBackground === loser.isBackground);
        expect(later).toEqual([]);
        // Background work never takes the place of a request that somebody watches, and goes before it.
        expect(loser.isBackground || !movable.some((asker) => asker.isBackground)).toBe(true);
        // Within each key the others keep their order.
        for (const name of ["anna", "ben", "cem"]) {
          const its = (askers: readonly Asker[]): number[] =>
            askers.filter((one) => one.keyId === name && one !== newcomer && one !== loser).map(({ number }) => number);
          expect(its(scene.order)).toEqual(its(order));
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 400 });
  for (const count of [own, others, beyond]) expect(count).toBeGreaterThan(20);
});

test("each key gets its share of a queue that another has filled, with open streams too", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 4 }),
    fc.boolean(),
    async (limit, others, isOpen) => {
      const scene = new Scene(limit);
      for (let count = 0; count < limit + 5; count += 1) {
        await scene.ask({ keyId: "greedy", isBackground: false });
        if (isOpen) scene.openOneOf("greedy");
      }
      expect(countOf(scene.waiting, "greedy")).toBe(limit);
      const names = Array.from({ length: others }, (_, index) => `other ${index}`);
      for (let count = 0; count < limit; count += 1) {
        for (const keyId of names) await scene.ask({ keyId, isBackground: false });
      }
      const share = Math.floor(limit / (others + 1));
      for (const keyId of names) expect(countOf(scene.waiting, keyId)).toBeGreaterThanOrEqual(share);
      expect(isOpen ? countOf(scene.waiting, "greedy") : scene.waiting.length).toBe(limit);
      // However many come, the queue grows by no more than what each may have.
      expect(scene.waiting.length).toBeLessThanOrEqual(limit + others * (limit / 2));
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test("a request that failed on an account and waits again is not the newest of its key", async () => {
  const queue = new RequestQueue<string>({ limit: 2 });
  const refused: string[] = [];
  const join = (name: string, caller: Caller): Promise<void> =>
    queue
      .wait({ accepts: () => true, limitMs: 60_000, retryAfterMs: () => 1_000, availableNow: () => 0, caller }, PATIENT)
      .then(
        () => {},
        () => void refused.push(name),
      );
  const callers = ["1", "2", "3"].map((name) => ({ keyId: "anna", isBackground: false, name }));
  const [first] = callers;
  if (!first) return;
  void join("1", first);
  queue.offer("a session that fails");
  for (const caller of callers.slice(1)) void join(caller.name, caller);
  void join("1", first);
  await new Promise(setImmediate);
  expect(refused).toEqual(["3"]);
  expect(queue.positionOf(first)).toBe(1);
});
