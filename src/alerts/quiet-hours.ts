import type { QuietHours } from "../config/alert-urls.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** When the quiet hours that include this time began and will end, in Unix time, milliseconds; undefined if none do. */
export function quietPeriodAt(
  { from, to }: QuietHours,
  now: number,
): { readonly beganAt: number; readonly endsAt: number } | undefined {
  const local = new Date(now);
  const minute = local.getHours() * 60 + local.getMinutes();
  const lengthMinutes = (to - from + DAY_MINUTES) % DAY_MINUTES;
  const sinceMinutes = (minute - from + DAY_MINUTES) % DAY_MINUTES;
  if (sinceMinutes >= lengthMinutes) return undefined;
  const minuteBeganAt = now - (local.getSeconds() * 1000 + local.getMilliseconds());
  const beganAt = minuteBeganAt - sinceMinutes * MINUTE_MS;
  return { beganAt, endsAt: beganAt + lengthMinutes * MINUTE_MS };
}
