import { z } from "zod";
import { keyRateLimit, modelAliases, pattern, rateLimit, seconds, setting, wholeNumber } from "../parsers.ts";

/** How requests are paced, how long they may take, and what they may ask for. */
export const REQUESTS = {
  RATE_LIMIT: setting({
    parse: rateLimit,
    default: "2/60s",
    unit: "",
    doc: "Requests per account per time window, e.g. 2/60s; off disables the limit.",
  }),
  KEY_RATE_LIMIT: setting({
    parse: keyRateLimit,
    default: "off",
    unit: "",
    doc: "Requests per key and minute or day, e.g. 60/1m or 60/1m 1000/1d, for keys that have no limits of their own; off disables the limit.",
  }),
  QUEUE_LIMIT: setting({
    parse: wholeNumber(0, 100_000),
    default: "100",
    unit: "requests",
    doc: "How many requests may wait for an account.",
  }),
  QUEUE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: undefined,
    unit: "s",
    doc: "How long a request may wait for an account. Default: as long as API_REQUEST_TIMEOUT.",
  }),
  FIRST_BYTE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "300",
    unit: "s",
    doc: "Time limit for the site to begin its answer. Reasoning models need minutes.",
  }),
  IDLE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "60",
    unit: "s",
    doc: "The longest pause of the site in the middle of an answer.",
  }),
  CHALLENGE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 600),
    default: "30",
    unit: "s",
    doc: "Time limit for the browser to pass a challenge of the site.",
  }),
  DRAIN_TIMEOUT_SECONDS: setting({
    parse: seconds(0, 3_600),
    default: "90",
    unit: "s",
    doc: "How long running answers may continue after SIGTERM.",
  }),
  MODEL_ALIASES: setting({
    parse: modelAliases,
    default: "",
    unit: "",
    doc: "More names for the site's models, as name=model, separated by spaces. GET /v1/models lists them too.",
  }),
  UNKNOWN_MODELS: setting({
    parse: z.enum(["serve", "refuse"], { error: "serve or refuse" }),
    default: "serve",
    unit: "",
    doc: "What happens to other model names: serve answers with the site's first model, refuse answers model_not_found.",
  }),
  BACKGROUND: setting({
    parse: z.enum(["late", "local", "off"], { error: "late, local or off" }),
    default: "late",
    unit: "",
    doc: "Titles, tags and notes that clients request on their own: late serves them last, local also answers without the site where it can, off treats them like any request.",
  }),
  BACKGROUND_PATTERN: setting({
    parse: pattern,
    default: undefined,
    unit: "regular expression",
    doc: "A pattern for more requests of that kind, matched against their last message. In .env, put a pattern with # in quotes.",
  }),
} as const;
