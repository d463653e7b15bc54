import { z } from "zod";
import { modelAliases, pattern, rateLimit, seconds, setting, wholeNumber } from "../parsers.ts";

/** How requests are paced, how long they may take, and what they may ask for. */
export const REQUESTS = {
  RATE_LIMIT: setting({
    parse: rateLimit,
    default: "2/60s",
    unit: "",
    doc: "how often one account may ask, in any such span of time; off",
  }),
  QUEUE_LIMIT: setting({
    parse: wholeNumber(0, 100_000),
    default: "100",
    unit: "requests",
    doc: "how many may wait for an account",
  }),
  QUEUE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: undefined,
    unit: "s",
    doc: "how long one may wait; as long as API_REQUEST_TIMEOUT when absent",
  }),
  FIRST_BYTE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "300",
    unit: "s",
    doc: "how long the site may take to begin its answer; models that think need minutes",
  }),
  IDLE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "60",
    unit: "s",
    doc: "how long it may pause in the middle",
  }),
  CHALLENGE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 600),
    default: "30",
    unit: "s",
    doc: "how long the browser may take to solve what the site asks of it",
  }),
  DRAIN_TIMEOUT_SECONDS: setting({
    parse: seconds(0, 3_600),
    default: "90",
    unit: "s",
    doc: "how long running answers may go on after SIGTERM",
  }),
  MODEL_ALIASES: setting({
    parse: modelAliases,
    default: "",
    unit: "",
    doc: "further names for the site's models, as name=model, separated by spaces; listed beside them",
  }),
  UNKNOWN_MODELS: setting({
    parse: z.enum(["serve", "refuse"], { error: "serve or refuse" }),
    default: "serve",
    unit: "",
    doc: "what becomes of other model names: serve answers with the site's first model, refuse with model_not_found",
  }),
  BACKGROUND: setting({
    parse: z.enum(["late", "local", "off"], { error: "late, local or off" }),
    default: "late",
    unit: "",
    doc: "titles, tags and notes that clients ask for by themselves: served last, also answered here without the site, or off",
  }),
  BACKGROUND_PATTERN: setting({
    parse: pattern,
    default: undefined,
    unit: "regular expression",
    doc: "further requests of that kind, by their last message; in .env in quotes where it has a #",
  }),
} as const;
