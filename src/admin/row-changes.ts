type Row = { readonly id: string } & Readonly<Record<string, unknown>>;

/** What is new since the last look: of each row that changed, its id and the fields that changed. */
export interface RowChanges {
  readonly changed: readonly Row[];
  /** The ids of rows that are gone. */
  readonly removed: readonly string[];
}

/** Times that are estimated anew at each look differ by a millisecond or two. */
const SAME_TIME_MS = 50;

/** Remembers the rows that a reader has, and tells how others differ from them. */
export class SeenRows {
  #seen: ReadonlyMap<string, Row> = new Map();

  /** Undefined when nothing changed. Lists count as changed when they are other lists. */
  changesTo(rows: readonly Row[]): RowChanges | undefined {
    const before = this.#seen;
    this.#seen = new Map(rows.map((row) => [row.id, row]));
    const changed = rows.flatMap((row) => {
      const fields = Object.entries(row).filter(([name, value]) => !isSame(before.get(row.id)?.[name], value));
      return fields.length > 0 ? [{ id: row.id, ...Object.fromEntries(fields) }] : [];
    });
    const removed = [...before.keys()].filter((id) => !this.#seen.has(id));
    return changed.length + removed.length > 0 ? { changed, removed } : undefined;
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one === "number" && typeof other === "number") {
    return Math.min(one, other) > 1e12 && Math.abs(one - other) < SAME_TIME_MS;
  }
  if (!isPlain(one) || !isPlain(other)) return false;
  return Object.keys(other).every((name) => isSame(one[name], other[name]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
