/** A change that an operator made. It holds no secret. */
export interface OperatorChange {
  /** Who: `admin key` or `console`. */
  readonly actor: string;
  /** What, e.g. `key_created`. */
  readonly kind: string;
  /** What was changed, by its name. */
  readonly subject: string;
  /** Null where there was nothing before, or is nothing after. */
  readonly before: object | null;
  readonly after: object | null;
}

export type Audit = (change: OperatorChange) => void;
