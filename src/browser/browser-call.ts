import { GatewayError } from "../errors.ts";
import { withTimeout } from "../process/with-timeout.ts";

/** A CDP call into a live page takes about a millisecond; a page that needs this long is stuck. */
export const PAGE_CALL_LIMIT_MS = 5_000;

/**
 * Waits for a call on the browser no longer than `limitMs`: a stopped browser answers nothing, not even `close()`.
 * @throws GatewayError `session_lost` with the call's name, when the time is over or the browser refused the call.
 */
export async function browserCall<T>(limitMs: number, name: string, call: Promise<T>): Promise<T> {
  try {
    return await withTimeout(call, limitMs, () => {
      throw new GatewayError("session_lost", `The browser did not finish in time: ${name}.`);
    });
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError("session_lost", `The browser could not do this: ${name}.`, { cause });
  }
}
