/** What a caller's key may still use, of one kind. */
export interface RateReading {
  readonly limit: number;
  readonly remaining: number;
  /** How long until everything may be used again. */
  readonly resetMs: number;
}

/** Of each kind, the limit that is reached first; undefined where there is none. */
export interface RateReadings {
  readonly requests: RateReading | undefined;
  readonly tokens: RateReading | undefined;
}
