import type { Insertable, Kysely } from "kysely";
import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";
import type { RequestTable } from "./record-tables.ts";
import { conditionsOf, type RequestFilter } from "./request-filter.ts";
import type { Seal } from "./seal.ts";

/** One request to the API that is over. Times are milliseconds since the epoch, durations milliseconds. */
export interface StoredRequest {
  readonly id: string;
  /** When it came. */
  readonly at: number;
  readonly keyId: string;
  /** What the operator called the key then. */
  readonly key: string;
  readonly account: string | null;
  readonly model: string | null;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly code: string | null;
  readonly attempts: number | null;
  readonly durationMs: number;
  readonly queueMs: number | null;
  readonly paceMs: number | null;
  readonly leaseMs: number | null;
  readonly firstByteMs: number | null;
  readonly streamMs: number | null;
  readonly firstTokenMs: number | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
}

/** With LOG_PROMPTS, else null. */
export interface RequestTexts {
  readonly prompt: string | null;
  readonly answer: string | null;
}

/** Where a page of requests ends. */
export interface RequestPosition {
  readonly at: number;
  readonly seq: number;
}

export interface RequestPage {
  readonly rows: readonly StoredRequest[];
  /** Where the next page begins; undefined at the end. */
  readonly next: RequestPosition | undefined;
}

/** The columns, by the names of the fields. */
const SHOWN = [
  "id",
  "at",
  "key_id as keyId",
  "key_name as key",
  "account",
  "model",
  "method",
  "route",
  "status",
  "code",
  "attempts",
  "duration_ms as durationMs",
  "queue_ms as queueMs",
  "pace_ms as paceMs",
  "lease_ms as leaseMs",
  "first_byte_ms as firstByteMs",
  "stream_ms as streamMs",
  "first_token_ms as firstTokenMs",
  "prompt_tokens as promptTokens",
  "completion_tokens as completionTokens",
  "reasoning_tokens as reasoningTokens",
] as const;

/** The requests that are kept. Methods that read throw StoreError. */
export class RequestRecords {
  readonly #database: Database;
  readonly #seal: Seal;

  constructor(database: Database, seal: Seal) {
    this.#database = database;
    this.#seal = seal;
  }

  /** Newest first. */
  async page(filter: RequestFilter, limit: number, after?: RequestPosition): Promise<RequestPage> {
    const found = await this.#database.run((db) =>
      db
        .selectFrom("request")
        .select(SHOWN)
        .select("seq")
        .where((where) => where.and(conditionsOf(where, filter)))
        .$if(after !== undefined, (query) =>
          query.where((where) => where(where.refTuple("at", "seq"), "<", where.tuple(after?.at ?? 0, after?.seq ?? 0))),
        )
        .orderBy("at", "desc")
        .orderBy("seq", "desc")
        .limit(limit + 1)
        .execute(),
    );
    const last = found.length > limit ? found[limit - 1] : undefined;
    const rows = found.slice(0, limit).map(({ seq: _seq, ...shown }) => shown);
    return { rows, next: last && { at: last.at, seq: last.seq } };
  }

  /** Undefined for a request that is not kept. */
  async find(id: string): Promise<(StoredRequest & RequestTexts) | undefined> {
    const row = await this.#database.run((db) =>
      db.selectFrom("request").select(SHOWN).select(["prompt", "answer"]).where("id", "=", id).executeTakeFirst(),
    );
    if (!row) return undefined;
    const open = (sealed: string | null): string | null =>
      sealed === null ? null : this.#seal.open(sealed, contextOf(id));
    return { ...row, prompt: open(row.prompt), answer: open(row.answer) };
  }

  /** Part of one transaction with their sums. A request that is there already stays as it is. */
  async insert(db: Kysely<Schema>, requests: readonly (StoredRequest & RequestTexts)[]): Promise<void> {
    const rows = requests.map((request) => this.#rowOf(request));
    await db
      .insertInto("request")
      .values(rows)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
  }

  /**
   * Deletes the oldest requests: those from before `beforeAt`, and those beyond the last `keep`; at most `limit` of each.
   * Returns whether there may be more.
   */
  async prune(
    { beforeAt, keep }: { readonly beforeAt: number; readonly keep: number },
    limit: number,
  ): Promise<boolean> {
    const tooOld = await this.#database.run((db) =>
      db
        .deleteFrom("request")
        .where("seq", "in", (from) =>
          from.selectFrom("request").select("seq").where("at", "<", beforeAt).orderBy("at").limit(limit),
        )
        .executeTakeFirstOrThrow(),
    );
    const tooMany = await this.#database.run((db) =>
      db
        .deleteFrom("request")
        .where("seq", "in", (from) =>
          from
            .selectFrom("request")
            .select("seq")
            .where("seq", "<=", (where) =>
              where.selectFrom("request").select((of) => of(of.fn.max("seq"), "-", keep).as("last")),
            )
            .orderBy("seq")
            .limit(limit),
        )
        .executeTakeFirstOrThrow(),
    );
    return [tooOld, tooMany].some(({ numDeletedRows }) => Number(numDeletedRows) === limit);
  }

  #rowOf({ id, keyId, key, prompt, answer, ...request }: StoredRequest & RequestTexts): Insertable<RequestTable> {
    const seal = (plain: string | null): string | null =>
      plain === null ? null : this.#seal.seal(plain, contextOf(id));
    return {
      id,
      at: request.at,
      key_id: keyId,
      key_name: key,
      account: request.account,
      model: request.model,
      method: request.method,
      route: request.route,
      status: request.status,
      code: request.code,
      attempts: request.attempts,
      duration_ms: request.durationMs,
      queue_ms: request.queueMs,
      pace_ms: request.paceMs,
      lease_ms: request.leaseMs,
      first_byte_ms: request.firstByteMs,
      stream_ms: request.streamMs,
      first_token_ms: request.firstTokenMs,
      prompt_tokens: request.promptTokens,
      completion_tokens: request.completionTokens,
      reasoning_tokens: request.reasoningTokens,
      prompt: seal(prompt),
      answer: seal(answer),
    };
  }
}

function contextOf(id: string): string {
  return `request:${id}`;
}
