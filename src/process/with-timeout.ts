/** Waits for `work` no longer than `limitMs`; after that it gives what `late` returns, or throws what `late` throws. */
export async function withTimeout<T, L>(work: Promise<T>, limitMs: number, late: () => L): Promise<T | L> {
  const limit = Promise.withResolvers<L>();
  const timer = setTimeout(() => {
    try {
      limit.resolve(late());
    } catch (cause) {
      limit.reject(cause);
    }
  }, limitMs);
  try {
    return await Promise.race([work, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}
