import type { RateReadings } from "../rate-limits.ts";

const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_S = 3_600;

/** OpenAI's headers: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
export function rateLimitHeaders(readings: RateReadings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (["requests", "tokens"] as const).flatMap((kind) => {
      const reading = readings[kind];
      if (!reading) return [];
      return [
        [`x-ratelimit-limit-${kind}`, String(reading.limit)],
        [`x-ratelimit-remaining-${kind}`, String(reading.remaining)],
        [`x-ratelimit-reset-${kind}`, durationText(reading.resetMs)],
      ];
    }),
  );
}

/** `20ms`, `59s`, `6m0s`, `23h59m0s`: never less than it takes. */
export function durationText(ms: number): string {
  if (ms < SECOND_MS) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / SECOND_MS);
  const [hours, minutes] = [Math.floor(seconds / HOUR_S), Math.floor((seconds % HOUR_S) / MINUTE_S)];
  const rest = `${seconds % MINUTE_S}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
