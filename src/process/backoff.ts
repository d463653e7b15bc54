export interface Backoff {
  /** The wait after the first failure, in milliseconds. */
  readonly first: number;
  /** By how much each wait is longer than the one before. */
  readonly factor: number;
  /** The longest wait, in milliseconds. */
  readonly max: number;
}

/** How long to wait before the next try, after `attempt` failures in a row; `attempt` starts at 0. */
export function backoffMs(attempt: number, { first, factor, max }: Backoff): number {
  return Math.min(first * factor ** attempt, max);
}
