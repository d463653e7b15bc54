import type { KeepAlive } from "../turn/keep-alive.ts";

interface KeepAlivePauses {
  /** How long nothing may come before the first keep-alive, and then between two. */
  readonly afterMs: number;
  readonly everyMs: number;
}

/** The items, and a keep-alive wherever no item comes for a while. Ends when the signal aborts, whatever the source does. */
export async function* withKeepAlive<T>(
  items: AsyncIterable<T>,
  pauses: KeepAlivePauses,
  signal: AbortSignal,
): AsyncGenerator<T | KeepAlive, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let quietMs = pauses.afterMs;
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      next ??= iterator.next();
      const came = await orQuiet(next, quietMs, signal);
      quietMs = pauses.everyMs;
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
    // A source that still works on the next item returns once it sees the signal. That is not waited for.
    if (next) returned?.catch(() => undefined);
    else await returned;
  }
}

/** The promise's value, or `"quiet"` when it takes longer. @throws the signal's reason. */
async function orQuiet<T>(promised: Promise<T>, limitMs: number, signal: AbortSignal): Promise<T | "quiet"> {
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
