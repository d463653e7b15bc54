import fc from "fast-check";
import type { Fault } from "../../src/simulator/fault.ts";
import { LivezProbe, type Stalls } from "../support/livez-probe.ts";
import { FORGERIES, forgedAgent, type Forgery } from "./forgeries.ts";
import { HOSTILE_PAGES, pagesOf, type HostilePage } from "./hostile-pages.ts";
import { PageGateway, type Limits } from "./page-gateway.ts";
import { SiteProcess } from "./site-process.ts";

/** Above what the gateway has after its first answer. */
const MAX_GROWTH_MIB = 256;

/** One moment of a hostile site. */
export interface PageRound {
  readonly hostile: readonly HostilePage[];
  readonly fault: Fault | undefined;
  readonly forgery: Forgery | undefined;
}

interface RoundOutcome extends Stalls {
  /** What each request got: 200, or the code of an error. */
  readonly got: readonly string[];
  readonly growthMib: number;
  /** What must not be: each a sentence. */
  readonly broken: readonly string[];
}

/** Slow enough for something to happen in mid-answer. */
export const SLOW: Fault = { chunks: 30, chunkDelayMs: 50 };
const FAULTS: readonly (Fault | undefined)[] = [undefined, SLOW, SLOW, { hugeBytes: 1_000_000_000 }];

export const pageRounds: fc.Arbitrary<PageRound> = fc.record({
  hostile: fc.subarray([...HOSTILE_PAGES], { minLength: 1, maxLength: 3 }),
  fault: fc.constantFrom(...FAULTS),
  forgery: fc.option(fc.constantFrom(...FORGERIES), { freq: 4, nil: undefined }),
});

/** What it is called in a report. */
export function nameOf({ hostile, fault, forgery }: PageRound): string {
  const names = hostile.map(({ name }) => name);
  if (fault?.hugeBytes !== undefined) names.push("an answer of 1 GB");
  if (forgery) names.push(`forged: ${forgery.name}`);
  return names.join(" + ");
}

/** A gateway before a site whose pages are hostile, each in a process of its own. */
export class PageFuzz implements AsyncDisposable {
  readonly #site: SiteProcess;
  readonly #limits: Limits;
  readonly #probe = new LivezProbe();
  #gateway: PageGateway | undefined;
  #rounds = 0;

  private constructor(site: SiteProcess, limits: Limits) {
    this.#site = site;
    this.#limits = limits;
  }

  static async start(limits: Limits): Promise<PageFuzz> {
    return new PageFuzz(await SiteProcess.start(), limits);
  }

  async try({ hostile, fault, forgery }: PageRound): Promise<RoundOutcome> {
    const mark = `prompt ${(this.#rounds += 1)} of the site's alone`;
    const gateway = await this.#healthy();
    await this.#probe.longest();
    await this.#site.show(pagesOf(hostile, this.#site.address.elsewhere), fault);
    await gateway.port.closePages();
    const first = await gateway.ask(`${mark}, first`, false);
    if (forgery) await gateway.port.forge(forgedAgent(forgery));
    const others = await Promise.all([gateway.ask(`${mark}, streamed`, true), gateway.ask(`${mark}, whole`, false)]);
    const got = [first, ...others];
    const strays = await gateway.strays();
    const leaks = await this.#site.leaksOf(mark);
    const stalls = await this.#probe.longest();
    const growthMib = await gateway.growthMib();
    const broken = [
      ...got.filter((one) => !/^(?:200|[a-z_]+)$/.test(one) || one === "internal_error"),
      ...leaks.map((leak) => `another server was asked: ${leak}`),
      ...strays.map((url) => `a page stays that the gateway did not open: ${url}`),
      ...(growthMib > MAX_GROWTH_MIB ? [`the gateway took ${growthMib.toFixed(0)} MiB more`] : []),
      ...(gateway.mishap === undefined ? [] : [gateway.mishap]),
    ];
    return { got, ...stalls, growthMib, broken };
  }

  /** The gateway's log so far. */
  get logged(): string {
    return this.#gateway?.logged ?? "";
  }

  /** Which of the gateway's secrets are in Chromium's processes. */
  async secretsFound(): Promise<string[]> {
    return (await this.#gateway?.secretsFound()) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    await this.#probe[Symbol.asyncDispose]();
    this.#site[Symbol.dispose]();
  }

  /** One that answers at once: the last round's, or another where its account is left alone for a while. */
  async #healthy(): Promise<PageGateway> {
    await this.#site.show({});
    await this.#gateway?.port.closePages();
    if (this.#gateway && (await this.#gateway.ask("well?", false)) === "200") return this.#gateway;
    this.#probe.watch(undefined);
    await this.#gateway?.[Symbol.asyncDispose]();
    this.#gateway = await PageGateway.start(this.#site, `alice-${this.#rounds}`, this.#limits);
    this.#probe.watch(this.#gateway.url);
    return this.#gateway;
  }
}
