import { z } from "zod";
import { setting, wholeNumber } from "../parsers.ts";

/** How large what passes through may be. */
export const SIZES = {
  MAX_REPLY_BYTES: setting({
    parse: wholeNumber(1_024, 1_073_741_824),
    default: "8388608",
    unit: "bytes",
    doc: "The longest answer.",
  }),
  MAX_BODY_BYTES: setting({
    parse: wholeNumber(1_024, 268_435_456),
    default: "4194304",
    unit: "bytes",
    doc: "The largest request body.",
  }),
  MAX_PROMPT_CHARACTERS: setting({
    parse: wholeNumber(1_000, 100_000_000),
    default: undefined,
    unit: "characters",
    doc: "The longest prompt that the site accepts, with the whole conversation in it. Default: no limit.",
  }),
  CONTEXT_OVERFLOW: setting({
    parse: z.enum(["refuse", "truncate"], { error: "refuse or truncate" }),
    default: "refuse",
    unit: "",
    doc: "What happens to a longer conversation: refuse answers with an error, truncate leaves out turns in the middle.",
  }),
  MAX_CHOICES: setting({
    parse: wholeNumber(1, 128),
    default: "4",
    unit: "answers",
    doc: "The largest `n` of a request. Each answer is one request to the site.",
  }),
} as const;
