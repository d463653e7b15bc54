import type { KeepAlive } from "../turn/keep-alive.ts";

interface Pulse {
  /** Quiet time until the first keep-alive, and then between two. */
  readonly afterMs: number;
  readonly everyMs: number;
}

/** The items, with a keep-alive wherever none comes for a while. Ends with the signal, whatever the source does. */
export async function* withKeepAlive<T>(
  items: AsyncIterable<T>,
  pulse: Pulse,
  signal: AbortSignal,
): AsyncGenerator<T | KeepAlive, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let quietMs = pulse.afterMs;
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      next ??= iterator.next();
      const came = await within(next, quietMs, signal);
      quietMs = pulse.everyMs;
      if (came === "quiet") {
        yield { type: "keep-alive" };
        continue;
      }
      next = undefined;
      if (came.done) return;
      yield came.value;
    }
  } finally {
    const returned = iterator.return?.();
    // A source that is still busy with the next item returns when it has seen the signal; nobody waits for that here.
    if (next) returned?.catch(() => undefined);
    else await returned;
  }
}

/** What was promised, or `"quiet"` when it takes longer. @throws the signal's reason. */
async function within<T>(promised: Promise<T>, limitMs: number, signal: AbortSignal): Promise<T | "quiet"> {
  signal.throwIfAborted();
  const other = Promise.withResolvers<"quiet">();
  const onAbort = (): void => other.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = Number.isFinite(limitMs) ? setTimeout(other.resolve, limitMs, "quiet") : undefined;
  try {
    return await Promise.race([promised, other.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
