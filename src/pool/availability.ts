import type { Durations, Prospect } from "./forecast.ts";
import type { Slot } from "./account.ts";

/** How long things usually take, in milliseconds; 0 where only what is certain counts. */
export interface UsualDurations extends Durations {
  readonly openingMs: number;
}

/** What is known of the account's future. */
export function prospectOf(slot: Slot, usual: UsualDurations): Prospect<Slot> {
  const { pace } = slot;
  // A running request that was not sent yet, or whose answer has no head, is one that the pace counts from now.
  const unsent = slot.state === "busy" && pace.limit && pace.unspent > 0 ? [pace.limit.windowMs] : [];
  return {
    account: slot,
    freeInMs: freeInMs(slot, usual),
    pace: pace.limit,
    sendsEndInMs: [...pace.sendsEndInMs, ...unsent],
  };
}

function freeInMs(slot: Slot, { leaseMs, openingMs }: UsualDurations): number {
  const { state } = slot;
  if (state === "busy") return leftOf(leaseMs, slot);
  if (state === "opening") return leftOf(openingMs, slot);
  if (state === "ready") return 0;
  if (state === "resting") return slot.session.isOpen ? 0 : openingMs;
  // When one works again that failed is not known; `Admission` decides how long it is waited for.
  return slot.failingSinceMs === undefined ? slot.waitMs + openingMs : 0;
}

/** What takes longer than usual may be over at any moment. */
function leftOf(usualMs: number, { since }: Slot): number {
  return Math.min(usualMs, Math.max(0, since + usualMs - Date.now()));
}
