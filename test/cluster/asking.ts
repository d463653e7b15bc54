import { expect } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { echo, type Cluster, type Script } from "./replicas.ts";

/** Answers when the test says so. */
export function held(): { readonly script: Script; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const script: Script = async function* (prompt, account, signal) {
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
    await Promise.race([promise, aborted.promise]);
    yield* echo(prompt, account, signal);
  };
  return { script, release: resolve };
}

/** Every replica knows the accounts of all others, as far as those may serve. */
export async function acquainted({ replicas }: Cluster): Promise<void> {
  for (const replica of replicas) {
    const others = replicas.filter((one) => one !== replica).flatMap(({ pool }) => pool.share.outlooks);
    await expect.poll(() => replica.routing.outlooks().length).toBe(others.length);
  }
}

export async function refusal(work: Promise<unknown>): Promise<GatewayError> {
  return work.then(
    () => expect.fail("It was answered."),
    (cause: unknown) => GatewayError.from(cause),
  );
}
