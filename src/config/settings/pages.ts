import { z } from "zod";
import { rateLimit, seconds, setting, wholeNumber } from "../parsers.ts";

/** How many pages and browsers there are, and for how long. */
export const PAGES = {
  MAX_OPEN_SESSIONS: setting({
    parse: z.literal("auto").or(wholeNumber(1, 10_000)),
    default: "auto",
    unit: "pages",
    doc: "how many accounts have their page open at once; auto: as many as fit into memory",
  }),
  OPEN_RATE: setting({
    parse: rateLimit,
    default: "2/s",
    unit: "",
    doc: "how many pages open in any such span of time, after the first four; those that a request waits for come first; off",
  }),
  HIBERNATE_AFTER_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "300",
    unit: "s",
    doc: "a page that was not used for so long is closed until it is needed",
  }),
  PROBE_AFTER_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "240",
    unit: "s",
    doc: "an account that nobody used for so long is asked whether it is still signed in, while its page is open",
  }),
  RENEW_AFTER_REQUESTS: setting({
    parse: wholeNumber(1, 1_000_000),
    default: "1000",
    unit: "requests",
    doc: "a page that was asked so often is changed for a new one, since pages grow; also after 6 h, or 64 MiB of growth",
  }),
  CREDENTIALS_PER_BROWSER: setting({
    parse: wholeNumber(1, 1_000),
    default: "8",
    unit: "accounts",
    doc: "how many accounts share one Chromium: the death of one costs no more; more, where few pages may be open",
  }),
  BROWSER_OUTAGE_LIMIT_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "300",
    unit: "s",
    doc: "no browser started for so long: /livez answers 503 and the process ends, for its supervisor to start it again",
  }),
} as const;
