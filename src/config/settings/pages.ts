import { z } from "zod";
import { rateLimit, seconds, setting, wholeNumber } from "../parsers.ts";

/** How many pages and browsers there are, and for how long. */
export const PAGES = {
  MAX_OPEN_SESSIONS: setting({
    parse: z.literal("auto").or(wholeNumber(0, 10_000)),
    default: "auto",
    unit: "pages",
    doc: "How many accounts have a page open at once. auto: as many as fit into memory, or 16 with BROWSER_ENDPOINT. 0, with DATABASE_URL: no browser starts, and the other replicas answer.",
  }),
  OPEN_RATE: setting({
    parse: rateLimit,
    default: "2/s",
    unit: "",
    doc: "Pages opened per time window after the first four, e.g. 2/s; off disables the limit. Pages that a request waits for come first.",
  }),
  HIBERNATE_AFTER_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "300",
    unit: "s",
    doc: "An idle page closes after this time and opens again when it is needed.",
  }),
  PROBE_AFTER_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "240",
    unit: "s",
    doc: "The gateway asks the site whether an idle account is still signed in after this time, while its page is open.",
  }),
  RENEW_AFTER_REQUESTS: setting({
    parse: wholeNumber(1, 1_000_000),
    default: "1000",
    unit: "requests",
    doc: "A page is replaced after this many requests, because pages grow. Also after 6 h or 64 MiB of growth.",
  }),
  CREDENTIALS_PER_BROWSER: setting({
    parse: wholeNumber(1, 1_000),
    default: "8",
    unit: "accounts",
    doc: "Accounts per Chromium. Lower: a crash affects fewer accounts. It is higher when MAX_OPEN_SESSIONS allows only few pages.",
  }),
  BROWSER_OUTAGE_LIMIT_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "300",
    unit: "s",
    doc: "If no browser starts for this long, /livez answers 503 and the process ends, so that its service manager restarts it. Not with BROWSER_ENDPOINT.",
  }),
} as const;
