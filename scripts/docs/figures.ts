import { readFileSync } from "node:fs";
import { join } from "node:path";

/** `npm run bench -- plots` measures these in one run; the plots and the README's table are drawn from them. */
export interface BenchFigures {
  /** When and where: a day as 2026-11-27, the processors, the versions. */
  readonly day: string;
  readonly machine: string;
  readonly node: string;
  /** Stands in place of the command and the day, if the figures are not from one run of it. */
  readonly note?: string;
  /** The load of the machine from others when it began: its run queue over its processors. */
  readonly load: number;
  /** Medians in milliseconds. */
  readonly firstTokenMs: Readonly<Record<PathName | "browserPerRequest", number>>;
  readonly lagMs: Readonly<Record<PathName, number>>;
  readonly lagOf20Ms: Readonly<Record<PathName, number>>;
  readonly challenged: {
    readonly asked: number;
    readonly answered: Readonly<Record<"undici" | "browserPerRequest" | "gateway", number>>;
  };
  /** MiB of an account with an open page, alone in its browser and among others, and asleep among others. */
  readonly accountMiB: { readonly ownBrowser: number; readonly shared: number; readonly asleep: number };
  /** Answers over what the rate limits allow. */
  readonly schedulingShare: number;
}

/** A plain HTTP client, the fetch in the page with no gateway around it, and the gateway. */
export type PathName = "undici" | "floor" | "gateway";

export const FIGURES_FILE = join(import.meta.dirname, "../../test/bench/figures.json");

export function benchFigures(): BenchFigures {
  return JSON.parse(readFileSync(FIGURES_FILE, "utf8")) as BenchFigures;
}
