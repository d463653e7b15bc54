import { z } from "zod";
import { setting, wholeNumber } from "../parsers.ts";

/** How large what passes through may be. */
export const SIZES = {
  MAX_REPLY_BYTES: setting({
    parse: wholeNumber(1_024, 1_073_741_824),
    default: "8388608",
    unit: "bytes",
    doc: "the longest answer",
  }),
  MAX_BODY_BYTES: setting({
    parse: wholeNumber(1_024, 268_435_456),
    default: "4194304",
    unit: "bytes",
    doc: "the largest request",
  }),
  MAX_PROMPT_CHARACTERS: setting({
    parse: wholeNumber(1_000, 100_000_000),
    default: undefined,
    unit: "characters",
    doc: "the longest prompt that the site takes, the whole conversation in it; unlimited when absent",
  }),
  CONTEXT_OVERFLOW: setting({
    parse: z.enum(["refuse", "truncate"], { error: "refuse or truncate" }),
    default: "refuse",
    unit: "",
    doc: "what becomes of a longer conversation: refuse, or truncate, which leaves out turns in its middle",
  }),
  MAX_CHOICES: setting({
    parse: wholeNumber(1, 128),
    default: "4",
    unit: "answers",
    doc: "the largest `n` of a request; each answer is a turn of its own on the site",
  }),
} as const;
