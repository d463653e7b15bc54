import { z } from "zod";
import { emulatedParameters, ignoredParameters } from "../../parameter-notes.ts";
import { sampling } from "../sampling.ts";

/**
 * What a completion request may hold, as https://platform.openai.com/docs/api-reference/completions/create names it.
 * Unknown keys are dropped, and null counts as absent.
 */

/** Settings of a model that a web chat has no control for: checked as OpenAI would, then ignored. */
const ignored = ignoredParameters({
  ...sampling,
  best_of: z.int().min(0).max(20).nullish(),
});

/** What the site has no notion of and the gateway imitates over its text. */
const emulated = emulatedParameters({
  echo: z.boolean().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  max_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
});

const anything = z.unknown().optional();

/** How other servers are asked for an answer of some form. */
const refused = {
  response_format: anything,
  structured_outputs: anything,
  guided_json: anything,
  guided_choice: anything,
  guided_regex: anything,
  guided_grammar: anything,
  json_schema: anything,
  grammar: anything,
  regex: anything,
  ebnf: anything,
  structural_tag: anything,
};

export const completionBody = z
  .object({
    model: z.string(),
    prompt: z.union([z.string(), z.array(z.string()).min(1)]),
    stream: z.boolean().nullish(),
    stream_options: z
      .object({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
      .nullish(),
    suffix: z.string().nullish(),
    logprobs: z.int().min(0).max(5).nullish(),
    ...refused,
    ...emulated,
    ...ignored,
  })
  .meta({ id: "CompletionRequest" });

export const COMPLETION_REFUSED = Object.keys(refused) as readonly (keyof typeof refused)[];

export const COMPLETION_IGNORED: ReadonlySet<string> = new Set(Object.keys(ignored));
export const COMPLETION_EMULATED: ReadonlySet<string> = new Set(Object.keys(emulated));
