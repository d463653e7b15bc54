/** Without an answer of the database for so long, nothing new is begun. */
const FENCED_AFTER_MS = 3_000;
/** For so long after its last proof, a replica may use its accounts. The database keeps its locks for longer. */
export const PROOF_LASTS_MS = 6_000;

/**
 * How long ago the database proved that this replica has its accounts. The time counts from when the proof was asked for.
 * Everything is told by the monotonic clock.
 */
export class Fence implements Disposable {
  readonly #onCutOff: () => void;
  #provenMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `onCutOff` is called once after each proof that no other one follows in time. */
  constructor(onCutOff: () => void) {
    this.#onCutOff = onCutOff;
  }

  /** Whether the last proof is too old to begin anything. */
  get isUp(): boolean {
    return performance.now() - this.#provenMs > FENCED_AFTER_MS;
  }

  /** Until when what runs may go on. */
  get untilMs(): number {
    return this.#provenMs + PROOF_LASTS_MS;
  }

  /** How old the last proof is, in milliseconds. */
  get ageMs(): number {
    return performance.now() - this.#provenMs;
  }

  /** False for a proof that is too old by now. */
  proven(askedMs: number): boolean {
    if (performance.now() - askedMs >= PROOF_LASTS_MS) return false;
    this.#provenMs = askedMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onCutOff, this.untilMs - performance.now()).unref();
    return true;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#provenMs = Number.NEGATIVE_INFINITY;
  }
}
