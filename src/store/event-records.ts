import type { Kysely } from "kysely";
import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";

/** state: an account's state changed · alert: the operator was told something · audit: the operator changed something. */
export const EVENT_KINDS = ["state", "alert", "audit"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Something that happened. Holds no secret. */
export interface NewEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: EventKind;
  /** The account that it is about. */
  readonly account: string | null;
  /** Who did it. */
  readonly actor: string | null;
  /** What happened, in one sentence. */
  readonly summary: string;
  /** What was before, and what is now, as JSON values. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface StoredEvent extends NewEvent {
  readonly id: number;
}

export interface EventFilter {
  readonly account?: string | undefined;
  readonly kind?: EventKind | undefined;
}

export interface EventPage {
  readonly rows: readonly StoredEvent[];
  /** The id that the next page begins below; undefined at the end. */
  readonly next: number | undefined;
}

/** What happened to accounts and settings. Methods that read throw StoreError. */
export class EventRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Newest first. */
  async page({ account, kind }: EventFilter, limit: number, before?: number): Promise<EventPage> {
    const found = await this.#database.run((db) =>
      db
        .selectFrom("event")
        .selectAll()
        .$if(account !== undefined, (query) => query.where("account", "=", account ?? ""))
        .$if(kind !== undefined, (query) => query.where("kind", "=", kind ?? ""))
        .$if(before !== undefined, (query) => query.where("id", "<", before ?? 0))
        .orderBy("id", "desc")
        .limit(limit + 1)
        .execute(),
    );
    const rows = found.slice(0, limit).map((row) => ({
      ...row,
      kind: row.kind as EventKind,
      before: valueOf(row.before),
      after: valueOf(row.after),
    }));
    return { rows, next: found.length > limit ? rows.at(-1)?.id : undefined };
  }

  async insert(db: Kysely<Schema>, events: readonly NewEvent[]): Promise<void> {
    const rows = events.map(({ before, after, ...event }) => ({
      ...event,
      before: textOf(before),
      after: textOf(after),
    }));
    await db.insertInto("event").values(rows).execute();
  }

  /**
   * Deletes the oldest events: those from before `beforeAt`, and changes of states beyond the last `keep` events; at most
   * `limit` of each. Returns whether there may be more.
   */
  async prune(
    { beforeAt, keep }: { readonly beforeAt: number; readonly keep: number },
    limit: number,
  ): Promise<boolean> {
    const counts = await Promise.all(
      [
        { column: "at", before: beforeAt },
        { column: "id", before: await this.#firstKept(keep), kind: "state" },
      ].map(({ column, before, kind }) =>
        this.#database.run((db) =>
          db
            .deleteFrom("event")
            .where("id", "in", (from) =>
              from
                .selectFrom("event")
                .select("id")
                .where(column as "at" | "id", "<", before)
                .$if(kind !== undefined, (query) => query.where("kind", "=", kind ?? ""))
                .orderBy("id")
                .limit(limit),
            )
            .executeTakeFirstOrThrow(),
        ),
      ),
    );
    return counts.some(({ numDeletedRows }) => Number(numDeletedRows) === limit);
  }

  /** The id of the oldest of the last `keep` events. */
  async #firstKept(keep: number): Promise<number> {
    const newest = await this.#database.run((db) =>
      db.selectFrom("event").select("id").orderBy("id", "desc").limit(1).executeTakeFirst(),
    );
    return (newest?.id ?? 0) - keep + 1;
  }
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

function valueOf(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
