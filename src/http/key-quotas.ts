import type { Response } from "express";
import type { RateReadings } from "../dialects/rate-limits.ts";
import type { TokenCount } from "../turn/model-answer.ts";
import type { KeyIdentity } from "./api-keys.ts";
import { requestContextOf, type RequestContext } from "./request-context.ts";

/** One request that a key's limits let in. */
export interface Admission {
  /** Another one may run in its place. Call it once, when the answer has ended or its client has left. */
  end(): void;
  /** Counts what the request really took, in place of what was assumed. Call it once. */
  charge(tokens: number): Promise<void>;
}

/** What keys may use, and what they have used. */
export interface KeyQuotas {
  /**
   * Counts a request, and the tokens of its prompt where the key has a limit for tokens. Undefined for a key without limits.
   * @throws GatewayError `key_rate_limit_exceeded`, `prompt_exceeds_key_limit`; the request is not counted then.
   */
  admit(key: KeyIdentity, countPromptTokens: () => Promise<number>): Promise<Admission | undefined>;
  readings(key: KeyIdentity): Promise<RateReadings>;
}

interface CountedAnswers {
  readonly tokens: TokenCount | undefined;
  countPromptTokens(): Promise<number>;
  countTokens(): Promise<TokenCount>;
}

/** Lets a request in by the limits of its key. It is over when its answer has ended, or its client has left. */
export async function admit(quotas: KeyQuotas, response: Response, answers: CountedAnswers): Promise<void> {
  const context = requestContextOf(response);
  const { acceptedKey } = context;
  if (!acceptedKey || Object.keys(acceptedKey.limits).length === 0) return;
  try {
    const admission = await quotas.admit(acceptedKey, () => answers.countPromptTokens());
    if (!admission) return;
    const onClose = (): void => {
      admission.end();
      // What cannot be counted stays counted as it was assumed.
      tokensOf(answers, context)
        .then((tokens) => admission.charge(tokens))
        .catch(() => undefined);
    };
    if (response.closed) onClose();
    else response.once("close", onClose);
  } finally {
    context.rateReadings = await quotas.readings(acceptedKey);
  }
}

/** A request that nobody asked the site about has taken nothing. */
async function tokensOf(answers: CountedAnswers, { progress }: RequestContext): Promise<number> {
  if (progress === undefined || (progress.attempts === 0 && !progress.isLocal)) return 0;
  const { prompt, completion } = answers.tokens ?? (await answers.countTokens());
  return prompt + completion;
}
