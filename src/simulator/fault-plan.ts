import type { Fault } from "./fault.ts";

export interface PlanOptions {
  /** Whose prompts meet the fault; anybody's unless told. */
  readonly account?: string;
  /** How many of them; 1 unless told. */
  readonly times?: number;
}

/** Faults that wait for the prompts to come, first planned first met. */
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
