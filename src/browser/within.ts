import { GatewayError } from "../errors.ts";

/**
 * Waits for browser work no longer than `limitMs`: a stopped browser answers nothing, not even `close()`.
 * @throws GatewayError `session_lost` naming the work, when the limit is over or the browser refused it.
 */
export async function within<T>(limitMs: number, name: string, work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    limit.reject(new GatewayError("session_lost", `The browser did not finish in time: ${name}.`));
  }, limitMs);
  try {
    return await Promise.race([work, limit.promise]);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError("session_lost", `The browser could not do this: ${name}.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
