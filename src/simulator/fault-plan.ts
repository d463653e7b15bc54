import type { Fault } from "./fault.ts";

export interface PlanOptions {
  /** The account whose prompts get the fault; default: any. */
  readonly account?: string;
  /** How many prompts get it; default 1. */
  readonly times?: number;
}

/** Faults for the next prompts, in the order in which they were planned. */
export class FaultPlan {
  readonly #entries: { readonly account: string | undefined; timesLeft: number; readonly fault: Fault }[] = [];

  add(fault: Fault, { account, times = 1 }: PlanOptions): void {
    if (times > 0) this.#entries.push({ account, timesLeft: times, fault });
  }

  take(account: string | undefined): Fault | undefined {
    const index = this.#entries.findIndex((entry) => entry.account === undefined || entry.account === account);
    const entry = this.#entries[index];
    if (!entry) return undefined;
    entry.timesLeft -= 1;
    if (entry.timesLeft <= 0) this.#entries.splice(index, 1);
    return entry.fault;
  }
}
