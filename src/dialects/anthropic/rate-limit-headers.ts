import type { RateReadings } from "../rate-limits.ts";

/** Anthropic's headers: https://docs.anthropic.com/en/api/rate-limits#response-headers */
export function rateLimitHeaders(readings: RateReadings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (["requests", "tokens"] as const).flatMap((kind) => {
      const reading = readings[kind];
      if (!reading) return [];
      // RFC 3339, as Anthropic writes it: without milliseconds, and never earlier than it is.
      const resetAt = new Date(Math.ceil((Date.now() + reading.resetMs) / 1000) * 1000);
      return [
        [`anthropic-ratelimit-${kind}-limit`, String(reading.limit)],
        [`anthropic-ratelimit-${kind}-remaining`, String(reading.remaining)],
        [`anthropic-ratelimit-${kind}-reset`, resetAt.toISOString().replace(".000Z", "Z")],
      ];
    }),
  );
}
