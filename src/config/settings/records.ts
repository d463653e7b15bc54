import { z } from "zod";
import { days, onOff, setting, wholeNumber } from "../parsers.ts";

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
  FAILURE_BUNDLES: setting({
    parse: z.literal("off").or(wholeNumber(1, 10_000)),
    default: "50",
    unit: "bundles",
    doc: "How many failed requests keep a picture, the HTML and the console of their page in STATE_DIR, for the operator. off keeps none. Tokens are removed; what the site shows may contain prompts and answers.",
  }),
  MAX_BUNDLE_BYTES: setting({
    parse: wholeNumber(1_048_576, 107_374_182_400),
    default: "104857600",
    unit: "bytes",
    doc: "All bundles of failed requests together. The oldest are deleted.",
  }),
  KEEP_BUNDLES_DAYS: setting({
    parse: days(1, 3_650),
    default: "14",
    unit: "days",
    doc: "How long a failed request's bundle is kept.",
  }),
  LOG_PROMPTS: setting({
    parse: onOff,
    default: "off",
    unit: "",
    doc: "on: the text of each request and its answer is kept, encrypted, as long as the request, and everybody with ADMIN_KEY can read it. off: no text is kept.",
  }),
} as const;
