import type { z } from "zod";
import type { TokenCount } from "../../turn/model-answer.ts";
import type { usageSchema } from "./answer-schema.ts";

export type Usage = z.infer<typeof usageSchema>;

export function toUsage({ prompt, completion, reasoning }: TokenCount): Usage {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
