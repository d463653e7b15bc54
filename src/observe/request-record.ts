import type { GatewayError } from "../errors.ts";

/** What one request was and how it went, known when it is over. Holds no key, and texts only with LOG_PROMPTS. */
export interface RequestRecord {
  readonly id: string;
  /** When it came, in Unix time, milliseconds. */
  readonly at: number;
  readonly method: string;
  /** The pattern that matched, never the path: a path is the caller's words. */
  readonly route: string;
  /** The key that the request came with; undefined where none was accepted. */
  readonly keyId: string | undefined;
  /** What the operator calls the key. */
  readonly keyName: string | undefined;
  /** The model that served, whatever name the caller gave it. */
  readonly model: string | undefined;
  /** The account that answered last. */
  readonly account: string | undefined;
  /** How often the site was asked; undefined where no answer was begun. */
  readonly attempts: number | undefined;
  readonly status: number;
  readonly code: string | undefined;
  readonly failure: GatewayError | undefined;
  readonly durationMs: number;
  /** From the request's arrival to the answer's first text. */
  readonly firstTokenMs: number | undefined;
  readonly phases: RequestPhases;
  /** Undefined where nobody asked for a count. */
  readonly tokens: RequestTokens | undefined;
  /** Counts them all the same; undefined where the site was not asked. Takes time, piece by piece. */
  readonly countTokens: (() => Promise<RequestTokens>) | undefined;
  /** What was asked and answered, cut to a limit; undefined without LOG_PROMPTS. */
  readonly texts: { readonly prompt: string; readonly answer: string } | undefined;
}

/** What the time of the answer that was begun last went to, in milliseconds; a phase that was not reached is undefined. */
export interface RequestPhases {
  /** Waiting for an account, all attempts together. An account that its rate limit holds back is waited for here. */
  readonly queueMs: number | undefined;
  /** The part of it that the rate limit of the account took which answered then. */
  readonly paceMs: number | undefined;
  /** From getting an account to the prompt's arrival at the site. */
  readonly leaseMs: number | undefined;
  /** From there to the first part of the answer. */
  readonly firstByteMs: number | undefined;
  /** From there to the answer's end. */
  readonly streamMs: number | undefined;
}

export interface RequestTokens {
  readonly prompt: number;
  readonly completion: number;
  readonly reasoning: number;
}

/** Takes the record of each request that is over. */
export interface RequestSink {
  add(record: RequestRecord): void;
}
