import type { ReplyPart } from "../chat.ts";
import { GatewayError, type ErrorCode } from "../errors.ts";

export interface AttemptLimits {
  /** For the first part of an answer, and for each gap between two parts. */
  readonly firstPartTimeoutMs: number;
  readonly gapTimeoutMs: number;
}

/** After so long a silence, the site has the prompt and works on it. A repeat would be a second prompt. */
const SILENCE_MS = 10_000;
/** These failures leave open whether the site still works on the prompt. */
const ENDS_WITHOUT_A_WORD: ReadonlySet<ErrorCode> = new Set([
  "site_unreachable",
  "reply_cut",
  "session_lost",
  "ownership_lost",
]);

/**
 * Aborts the attempt with `site_timeout` when a part does not come in time. The reader's own time does not count. A
 * failure after a long silence becomes `site_timeout` too, unless the site itself says what happened.
 */
export async function* timely(
  parts: AsyncIterable<ReplyPart>,
  limits: AttemptLimits,
  attempt: AbortController,
): AsyncGenerator<ReplyPart, void, undefined> {
  const iterator = parts[Symbol.asyncIterator]();
  const startedMs = performance.now();
  let isSilent = true;
  let limitMs = limits.firstPartTimeoutMs;
  try {
    for (;;) {
      const late = setTimeout(() => {
        const message = `The site sent nothing for ${Math.round(limitMs / 1000)} seconds.`;
        attempt.abort(new GatewayError("site_timeout", message));
      }, limitMs);
      const next = await iterator.next().finally(() => clearTimeout(late));
      if (next.done) return;
      isSilent = false;
      yield next.value;
      limitMs = limits.gapTimeoutMs;
    }
  } catch (cause) {
    throw isSilent ? afterSilence(GatewayError.from(cause), performance.now() - startedMs) : cause;
  } finally {
    await iterator.return?.();
  }
}

function afterSilence(error: GatewayError, silenceMs: number): GatewayError {
  if (silenceMs <= SILENCE_MS || !ENDS_WITHOUT_A_WORD.has(error.code)) return error;
  const message = `The site sent nothing for ${Math.round(silenceMs / 1000)} seconds, then the request broke off.`;
  return new GatewayError("site_timeout", message, { cause: error });
}
