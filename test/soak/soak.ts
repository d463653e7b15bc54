import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { percentile, table } from "../bench/statistics.ts";
import type { Asked } from "../faults/asked.ts";
import { HostScene } from "../faults/host-scene.ts";
import { brokenInvariants } from "../faults/invariants.ts";
import { pick, random, type Dice } from "../faults/random.ts";
import { until } from "../faults/until.ts";
import { HeapScale } from "./heap.ts";
import { grown, levelsOf, type Levels } from "./levels.ts";
import { order, type Order } from "./requests.ts";
import { STRIKES } from "./strikes.ts";

const REQUESTS = 10_000;
const ROUNDS = 10;
const ACCOUNTS = Array.from({ length: 12 }, (_, index) => `account-${index + 1}`);
const DEFAULT_MINUTES = 20;
const STRIKE_EVERY_MS = 5_000;
/** The slowest recovery is that of a browser that froze while it started. */
const REST_LIMIT_MS = 120_000;
const TOLD_LINES = 40;

const SETTINGS = {
  // Fewer pages than accounts, so that sessions sleep and wake all the time.
  MAX_OPEN_SESSIONS: "8",
  CREDENTIALS_PER_BROWSER: "4",
  RENEW_AFTER_REQUESTS: "100",
  QUEUE_TIMEOUT_SECONDS: "60",
  FIRST_BYTE_TIMEOUT_SECONDS: "5",
  IDLE_TIMEOUT_SECONDS: "2",
};

/** Many requests over one gateway at random moments, while browsers die, sites fail and clients leave. */
class Soak {
  readonly scene: HostScene;
  readonly orders = new Map<Asked, Order>();
  readonly strikes = new Map<string, number>();
  readonly rounds: Levels[] = [];
  readonly #dice: Dice;
  readonly #gapMs: number;
  readonly #scale: HeapScale;

  constructor(
    scene: HostScene,
    scale: HeapScale,
    { minutes, seed }: { readonly minutes: number; readonly seed: number },
  ) {
    const numbers = random(seed);
    this.scene = scene;
    this.#scale = scale;
    this.#dice = () => numbers.next().value;
    this.#gapMs = (minutes * 60_000) / REQUESTS;
  }

  /** Asks and strikes, and resolves when all requests are over and the accounts are at rest. */
  async round(): Promise<void> {
    const striking = new AbortController();
    const struck = this.#strike(striking.signal);
    for (let count = 0; count < REQUESTS / ROUNDS; count += 1) {
      await setTimeout(-Math.log(1 - this.#dice()) * this.#gapMs);
      this.#ask(order(this.#dice));
    }
    striking.abort();
    await struck;
    await Promise.all([...this.orders.keys()].map(({ over }) => over));
    const isAtRest = (): boolean => unrested(this.scene).length === 0;
    await until("all accounts are at rest", isAtRest, REST_LIMIT_MS).catch((cause: unknown) => {
      const lines = unrested(this.scene).flatMap((id) => lastLines(this.scene, id));
      throw new Error(`${String(cause)}\n${lines.join("\n")}`, { cause });
    });
    await this.scene.hangUp();
    this.rounds.push(await levelsOf(this.scene.gateway, this.#scale));
  }

  #ask(one: Order): void {
    const asked = this.scene.ask(one.wanted, one.isStream);
    this.orders.set(asked, one);
    if (one.leavesAfterMs !== undefined) void setTimeout(one.leavesAfterMs).then(() => asked.leave());
  }

  async #strike(signal: AbortSignal): Promise<void> {
    for (;;) {
      await setTimeout(2 * this.#dice() * STRIKE_EVERY_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const [name, hit] = pick(Object.entries(STRIKES), this.#dice);
      this.strikes.set(name, (this.strikes.get(name) ?? 0) + 1);
      await hit(this.scene, this.#dice);
    }
  }
}

/** Open, or asleep: not to be tried again at some moment. */
const AT_REST = /"state":"(ready|rate_limited|idle)"(?!.*nextTry)/;

/** Those accounts that are neither of use nor asleep, as the log has them. */
function unrested({ gateway: { logged } }: HostScene): string[] {
  return ACCOUNTS.filter((id) => {
    const at = logged.lastIndexOf(`"account":"${id}","state":`);
    return at >= 0 && !AT_REST.test(logged.slice(at, logged.indexOf("\n", at)));
  });
}

function lastLines({ gateway: { logged } }: HostScene, id: string): string[] {
  const lines = logged.split("\n").filter((line) => line.includes(`"account":"${id}"`));
  return lines.slice(-TOLD_LINES);
}

/** Ends the gateway; what speaks against it. */
async function flawsOf({ scene, rounds }: Soak): Promise<string[]> {
  const evidence = await scene.end();
  const lost = evidence.asked.filter(({ ending }) => ending === "connection lost").length;
  return [...brokenInvariants(evidence), ...(lost === 0 ? [] : [`${lost} lost their connection`]), ...grown(rounds)];
}

function report({ orders, strikes, rounds }: Soak): string {
  const answered = [...orders.keys()].filter(({ ending }) => ending === "answered");
  const answeredMs = answered.map(({ startedMs, endedMs }) => endedMs - startedMs);
  const seconds = (share: number): string => `${(percentile(answeredMs, share) / 1000).toFixed(2)} s`;
  const befell = [...strikes].map(([name, count]) => `${name} × ${count}`).join(", ");
  const header = ["after", ...Object.keys(rounds[0] ?? {})];
  const rows = rounds.map((levels, index) => {
    const after = String(((index + 1) * REQUESTS) / ROUNDS);
    return [after, ...Object.values(levels as unknown as Record<string, number>).map((one) => one.toFixed(0))];
  });
  const time = `Answers took p50 ${seconds(0.5)}, p99 ${seconds(0.99)}.`;
  return [outcomes(orders), `Meanwhile: ${befell}. ${time}`, table(header, rows)].join("\n\n");
}

function outcomes(orders: ReadonlyMap<Asked, Order>): string {
  const byKind = Map.groupBy(orders, ([, { kind }]) => kind);
  const rows = [...byKind].map(([kind, some]) => {
    const got = Map.groupBy(some, ([asked]) => asked.got.replace(/, \d attempts/, ""));
    const counts = [...got].toSorted(([, one], [, other]) => other.length - one.length);
    return [kind, String(some.length), counts.map(([what, { length }]) => `${length} ${what}`).join(", ")];
  });
  const byCount = rows.toSorted(([, one], [, other]) => Number(other) - Number(one));
  return table(["request", "asked", "got"], byCount, { text: [0, 2] });
}

async function main(): Promise<void> {
  const [minutes = DEFAULT_MINUTES, seed = 1] = process.argv.slice(2).map(Number);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}, ${minutes} minutes, seed ${seed}`,
  );
  const simulator = { rotateEveryReplies: 3, chunkDelayMs: 5 };
  const scale = await HeapScale.open();
  const settings = { ...SETTINGS, ...scale.settings };
  await using scene = await HostScene.open({ accounts: ACCOUNTS, settings, simulator });
  const soak = new Soak(scene, scale, { minutes, seed });
  for (let count = 1; count <= ROUNDS; count += 1) {
    await soak.round();
    console.error(`round ${count} of ${ROUNDS}`);
  }
  const flaws = await flawsOf(soak);
  console.log(`\n${report(soak)}\n`);
  for (const flaw of flaws) console.log(`FLAW ${flaw}`);
  console.log(flaws.length === 0 ? "nothing lost, mixed or leaked" : `${flaws.length} flaws`);
  process.exitCode = flaws.length === 0 ? 0 : 1;
}

await main();
