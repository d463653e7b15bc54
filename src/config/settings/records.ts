import { days, setting, wholeNumber } from "../parsers.ts";

/** What is recorded of requests, and for how long. */
export const RECORDS = {
  KEEP_REQUESTS_DAYS: setting({
    parse: days(0, 3_650),
    default: "30",
    unit: "days",
    doc: "How long each request's key, account, times, tokens and error code are kept in STATE_DIR. 0: requests are only counted.",
  }),
  MAX_KEPT_REQUESTS: setting({
    parse: wholeNumber(1, 10_000_000),
    default: "100000",
    unit: "requests",
    doc: "How many requests are kept at most; the oldest are deleted first. 100,000 take about 25 MB.",
  }),
  KEEP_USAGE_DAYS: setting({
    parse: days(1, 3_650),
    default: "90",
    unit: "days",
    doc: "How long events, and the sums of each hour and day by key, account and model, are kept.",
  }),
} as const;
