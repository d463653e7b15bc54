import { setTimeout } from "node:timers/promises";
import type { Page } from "playwright";
import { BrowserFleet, type FleetOptions } from "../../src/browser/browser-fleet.ts";
import { visit } from "../../src/browser/challenge.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { chromiumProcesses } from "../faults/processes.ts";
import { kibOf } from "./memory-of.ts";
import { CHALLENGE_TIMEOUT_MS, sessionOf, type GatewayPath, type Upstream } from "./paths.ts";
import { median, percentile, table } from "./statistics.ts";
import { LocalBrowsers } from "../../src/browser/local.ts";
import { mainPidOf } from "../support/main-pid.ts";

export const SLEEPERS = 100;
/** An account falls asleep as soon as it may. */
export const SLEEPY_SETTINGS = { HIBERNATE_AFTER_SECONDS: "1", LOG_LEVEL: "debug" };

/** Of the gateway's log. */
const ASLEEP = '"state":"idle","reason":"asleep';

/** As the default is. */
const CREDENTIALS_PER_BROWSER = 8;
const WARM_UP_ROUNDS = 5;
const ROUNDS = 80;
/** What was closed or answered just before is still being put away: before each look nothing happens for so long. */
const PAUSE_MS = 500;
/** Chromium gives memory back in the background: it is weighed until it stays where it is. */
const LOOK_EVERY_MS = 2_000;
const SAME_LOOKS = 5;
const SAME_WITHIN = 0.01;
const MOST_LOOKS = 60;

export interface Weight {
  readonly total: number;
  /** By kind of process. */
  readonly kinds: Readonly<Record<string, number>>;
}

/**
 * How much memory sessions give back that fall asleep. Theirs is what goes when they are closed altogether: a browser keeps
 * some 28 MiB more than when it was launched, once it had eight pages open at a time, with no context left.
 */
export async function weighSleep({ origin, browserArgs, cookies }: Upstream, browserPath: string): Promise<string> {
  const limits = { accountsPerBrowser: CREDENTIALS_PER_BROWSER, maxOpenSessions: cookies.length };
  await using fleet = openFleet(browserPath, browserArgs, limits);
  const sessions = cookies.map((cookie) => sessionOf(fleet.assign(), cookie, origin));
  for (const host of fleet.supervisors) await host.browser();
  const launched = await settled(fleet);
  const { signal } = new AbortController();
  for (const session of sessions) await session.open(signal);
  const open = await settled(fleet);
  for (const session of sessions) await session.sleep();
  const asleep = await settled(fleet);
  for (const session of sessions) await session[Symbol.asyncDispose]();
  const closed = await settled(fleet);
  const gaveBack = (base: Weight): string => ((open.total - asleep.total) / (open.total - base.total)).toFixed(2);
  const kinds = Object.keys(open.kinds);
  const row = (name: string, weight: Weight): string[] => {
    return [name, ...kinds.map((kind) => (weight.kinds[kind] ?? 0).toFixed(0)), weight.total.toFixed(0)];
  };
  const title = [
    `${cookies.length} sessions in ${fleet.supervisors.length} browsers; asleep they give back ${gaveBack(closed)} of their memory`,
    `(${gaveBack(launched)} of all that came since the browsers were launched)`,
  ];
  const rows = [
    row("browsers launched", launched),
    row("all sessions open", open),
    row("all sessions asleep", asleep),
    row("all sessions closed", closed),
  ];
  return `${title.join("\n")}\n\n${table(["PSS, MiB", ...kinds, "all"], rows)}`;
}

export function openFleet(
  browserPath: string,
  browserArgs: string,
  limits: Pick<FleetOptions, "accountsPerBrowser" | "maxOpenSessions">,
): BrowserFleet {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const options = { browserPath, browserMode: "headless", stealth: true, browserArgs: [browserArgs] } as const;
  return new BrowserFleet(new LocalBrowsers(options), limits, log);
}

function visitHome(page: Page, origin: string): Promise<void> {
  const site = gptomni(new URL(origin));
  return visit(page, { url: new URL(site.homePath, origin), site, limitMs: CHALLENGE_TIMEOUT_MS });
}

export async function settled(fleet: BrowserFleet): Promise<Weight> {
  const seen: Weight[] = [];
  for (;;) {
    const weight = await weigh(fleet);
    seen.push(weight);
    const last = seen.slice(-SAME_LOOKS).map(({ total }) => total);
    const isSame =
      last.length === SAME_LOOKS && Math.max(...last) - Math.min(...last) < SAME_WITHIN * Math.max(...last);
    if (isSame || seen.length === MOST_LOOKS) return weight;
    await setTimeout(LOOK_EVERY_MS);
  }
}

async function weigh(fleet: BrowserFleet): Promise<Weight> {
  const kinds: Record<string, number> = {};
  for (const host of fleet.supervisors) {
    for (const { pid, command } of await chromiumProcesses((await mainPidOf(host)) ?? 0)) {
      const kind = /--type=(\S+)/.exec(command)?.[1] ?? "main";
      kinds[kind] = (kinds[kind] ?? 0) + (await kibOf(pid, "smaps_rollup", "Pss")) / 1024;
    }
  }
  return { kinds, total: Object.values(kinds).reduce((sum, one) => sum + one, 0) };
}

/** Milliseconds. */
interface Waking {
  readonly asleep: number;
  readonly warm: number;
  readonly load: number;
}
const WAKING_NAMES: Readonly<Record<keyof Waking, string>> = {
  asleep: "asleep",
  warm: "warm",
  load: "the page's own load",
};

/** How long the first token takes of an account that sleeps, of one that does not, and how long its page takes to load. */
export async function timeWaking(gateway: GatewayPath, bare: Upstream, browserPath: string): Promise<string> {
  let fallsAsleep = gateway.says(ASLEEP);
  const { origin, browserArgs } = bare;
  await using fleet = openFleet(browserPath, browserArgs, { accountsPerBrowser: 1, maxOpenSessions: 1 });
  const browser = await fleet.assign().browser();
  const context = await browser.newContext({ viewport: null });
  const seen: Waking[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    await fallsAsleep;
    await setTimeout(PAUSE_MS);
    const asleep = await firstTokenMs(gateway, `asleep, round ${round}`);
    await setTimeout(PAUSE_MS);
    fallsAsleep = gateway.says(ASLEEP);
    const warm = await firstTokenMs(gateway, `warm, round ${round}`);
    await setTimeout(PAUSE_MS);
    const startedMs = performance.now();
    const page = await context.newPage();
    await visitHome(page, origin);
    // Its first paint keeps it busy for some 10 ms more.
    await page.evaluate(() => document.title);
    const load = performance.now() - startedMs;
    await page.close();
    if (round >= WARM_UP_ROUNDS) seen.push({ asleep, warm, load });
  }
  // Round by round, since the machine's pace changes more from one round to the next than what is measured.
  const times = median(seen.map(({ asleep, load }) => asleep - load)) / median(seen.map(({ warm }) => warm));
  const rows = Object.entries(WAKING_NAMES).map(([key, name]) => {
    const ms = seen.map((waking) => waking[key as keyof Waking]);
    return [name, median(ms).toFixed(1), percentile(ms, 0.9).toFixed(1)];
  });
  const title = `first token of one asleep: the page's own load and ${times.toFixed(2)} times a warm one's, ${ROUNDS} rounds taking turns`;
  return `${title}\n\n${table(["ms", "p50", "p90"], rows)}`;
}

async function firstTokenMs(gateway: GatewayPath, prompt: string): Promise<number> {
  const startedMs = performance.now();
  let ms: number | undefined;
  for await (const piece of gateway.ask(prompt, 0)) if (piece !== "") ms ??= performance.now() - startedMs;
  if (ms === undefined) throw new Error("no text");
  return ms;
}
