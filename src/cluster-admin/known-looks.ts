import type { ReplicaLook } from "./asks.ts";
import type { OtherReplica } from "./replicas.ts";

/** What a replica told last. */
export interface KnownLook {
  readonly replica: OtherReplica;
  /** Undefined for one that was never heard of. */
  readonly look: ReplicaLook | undefined;
  /** When it told that, in Unix milliseconds; null if it answers. */
  readonly lastKnownAt: number | null;
}

interface Kept {
  readonly look: ReplicaLook;
  readonly at: number;
}

/** Remembers what each replica told last, for when it does not answer. */
export class KnownLooks {
  #kept: ReadonlyMap<string, Kept> = new Map();

  /** `told`: all other replicas, each with what it answered now, if it did. */
  take(told: readonly { readonly replica: OtherReplica; readonly answer: ReplicaLook | undefined }[]): KnownLook[] {
    const before = this.#kept;
    const at = Date.now();
    const known = told.map(({ replica, answer }) => {
      const kept = before.get(replica.id);
      const look = answer && withRecent(answer, kept?.look);
      return { replica, kept: look ? { look, at } : kept, isAnswering: look !== undefined };
    });
    this.#kept = new Map(known.flatMap(({ replica, kept }) => (kept ? [[replica.id, kept]] : [])));
    return known.map(({ replica, kept, isAnswering }) => ({
      replica,
      look: kept?.look,
      lastKnownAt: isAnswering ? null : (kept?.at ?? null),
    }));
  }
}

/** A look without the last answers leaves those that are known. */
function withRecent(look: ReplicaLook, before: ReplicaLook | undefined): ReplicaLook {
  if (!before) return look;
  const recent = new Map(before.accounts.map((row) => [row.id, row.recent]));
  const accounts = look.accounts.map((row) =>
    row.recent.length > 0 ? row : { ...row, recent: recent.get(row.id) ?? row.recent },
  );
  return { ...look, accounts };
}
