import fc from "fast-check";
import { expect, test } from "vitest";
import { freshDatabase } from "../support/shared-postgres.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { accountsOf, Replica, type Prompt } from "./replica.ts";

const ACCOUNTS = accountsOf(9);
const ALL = ACCOUNTS.map(({ id }) => id);
const SEATS = [0, 1, 2] as const;

interface Step {
  readonly seat: (typeof SEATS)[number];
  /** How many heartbeats pass after it. */
  readonly beats: number;
  /** Nothing is told to anybody when a link is cut or stands still. */
  readonly do: "join" | "leave" | "cut" | "stall" | "resume" | "ask" | "finish";
}

const step: fc.Arbitrary<Step> = fc.record({
  seat: fc.constantFrom(...SEATS),
  beats: fc.integer({ min: 0, max: 4 }),
  do: fc.constantFrom("join", "join", "leave", "cut", "stall", "resume", "ask", "ask", "finish"),
});

interface Seat {
  readonly link: TcpLink;
  readonly replica: Replica;
}

/** Replicas that come and go, and a site that sees each prompt. */
class Run implements AsyncDisposable {
  readonly #databaseUrl: string;
  readonly #seats = new Map<number, Seat>();
  /** The prompts that the site works on, by account. */
  readonly #prompts = new Map<string, Prompt>();
  readonly #epochs = new Map<string, number>();
  /** It has no accounts, and its link never breaks. */
  readonly #observer: Replica;

  private constructor(databaseUrl: string, observer: Replica) {
    this.#databaseUrl = databaseUrl;
    this.#observer = observer;
  }

  static async start(databaseUrl: string): Promise<Run> {
    return new Run(databaseUrl, await Replica.start({ databaseUrl, weight: 0 }, ACCOUNTS));
  }

  async take({ seat: number, do: what, beats }: Step): Promise<void> {
    const seat = this.#seats.get(number);
    if (!seat) {
      if (what === "join") await this.#join(number);
      return;
    }
    if (what === "leave") await this.#leave(number, seat);
    else if (what === "cut" || what === "stall" || what === "resume") seat.link[what]();
    else if (what === "ask") await this.#askAll(seat.replica);
    else if (what === "finish") this.#finish(seat.replica.ids);
    await this.#beats(beats);
  }

  /** Every link works again, and somebody is there. */
  async end(): Promise<void> {
    for (const { link } of this.#seats.values()) link.resume();
    if (this.#seats.size === 0) await this.#join(0);
    this.#finish(ALL);
    const used = (): string[] => [...this.#seats.values()].flatMap(({ replica }) => replica.ids).toSorted();
    await expect.poll(used).toEqual(ALL);
    for (const { replica } of this.#seats.values()) await this.#askAll(replica);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [number, seat] of this.#seats) await this.#leave(number, seat);
    await this.#observer[Symbol.asyncDispose]();
  }

  async #join(number: number): Promise<void> {
    const link = await TcpLink.to(this.#databaseUrl);
    const replica = await Replica.start({ databaseUrl: link.through(this.#databaseUrl) }, ACCOUNTS);
    this.#seats.set(number, { link, replica });
  }

  async #leave(number: number, { link, replica }: Seat): Promise<void> {
    this.#seats.delete(number);
    this.#finish(replica.ids);
    await replica[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
  }

  async #askAll(replica: Replica): Promise<void> {
    await Promise.all(replica.ids.map((id) => this.#ask(replica, id)));
  }

  async #ask(replica: Replica, id: string): Promise<void> {
    const epoch = replica.account(id).hold?.epoch ?? 0;
    const before = this.#prompts.get(id);
    if (before && !before.turn.signal.aborted && replica.account(id).hold?.epoch === this.#epochs.get(id)) return;
    const prompt = await replica.ask(id).catch(() => undefined);
    if (!prompt) return;
    const isOver = !before || before.turn.signal.aborted || this.#prompts.get(id) !== before;
    expect({ id, isOver }).toEqual({ id, isOver: true });
    expect(epoch).toBeGreaterThanOrEqual(this.#epochs.get(id) ?? 0);
    this.#prompts.set(id, prompt);
    this.#epochs.set(id, epoch);
  }

  #finish(ids: readonly string[]): void {
    for (const id of ids) {
      this.#prompts.get(id)?.finish();
      this.#prompts.delete(id);
    }
  }

  /** Time for what follows, by the heartbeats of one that nothing happens to. */
  async #beats(count: number): Promise<void> {
    for (let beat = 0; beat < count; beat += 1) {
      const { peers } = this.#observer.cluster;
      await expect.poll(() => this.#observer.cluster.peers).not.toBe(peers);
    }
  }
}

test("however replicas come, go and lose the database, no account has two prompts at a time", async () => {
  const steps = fc.array(step, { minLength: 14, maxLength: 18 });
  let runs = 0;
  const property = fc.asyncProperty(steps, async (taken) => {
    await using run = await Run.start(await freshDatabase());
    await run.take({ seat: 0, do: "join", beats: 1 });
    for (const one of taken) await run.take(one);
    await run.end();
    runs += 1;
  });
  await fc.assert(property, { numRuns: 1, seed: 4711, endOnFailure: true });
  expect(runs).toBe(1);
});
