import type { ShownAccount } from "../admin/account-schemas.ts";
import type { KnownLook } from "./known-looks.ts";

export interface AccountsParts {
  readonly ownId: string;
  /** Those that are in use here. */
  readonly own: readonly ShownAccount[];
  readonly others: readonly KnownLook[];
  /** Every account there is, as its settings say. */
  readonly listed: readonly ShownAccount[];
  readonly ownerOf: (accountId: string) => string | undefined;
}

/** Every account of the list, as the replica that has it shows it. */
export function mergedAccounts({ ownId, own, others, listed, ownerOf }: AccountsParts): ShownAccount[] {
  const rows = new Map<string, ShownAccount>();
  const add = (row: ShownAccount): void => {
    const known = rows.get(row.id);
    // While an account moves, two replicas may have it: the one that the database names, or that gets it.
    if (known && (row.isLeaving || known.replica === ownerOf(row.id))) return;
    rows.set(row.id, row);
  };
  for (const row of own) add({ ...row, replica: ownId, lastKnownAt: null });
  for (const known of others.filter(({ lastKnownAt }) => lastKnownAt === null)) addAll(known, add);
  for (const known of others.filter(({ lastKnownAt }) => lastKnownAt !== null)) {
    addAll(known, (row) => {
      // What it told is true as long as nobody else has the account.
      if (!rows.has(row.id) && ownerOf(row.id) === known.replica.id) rows.set(row.id, row);
    });
  }
  const names = new Set(others.map(({ replica }) => replica.id)).add(ownId);
  const missing = (row: ShownAccount): ShownAccount =>
    missingRow(row, { owner: ownerOf(row.id), ownId, names, others });
  const inOrder = listed.map((row) => rows.get(row.id) ?? missing(row));
  const ids = new Set(listed.map(({ id }) => id));
  return [...inOrder, ...[...rows.values()].filter(({ id }) => !ids.has(id))];
}

function addAll({ replica, look, lastKnownAt }: KnownLook, add: (row: ShownAccount) => void): void {
  for (const row of look?.accounts ?? []) add({ ...row, replica: replica.id, lastKnownAt });
}

interface Missing {
  readonly owner: string | undefined;
  readonly ownId: string;
  readonly names: ReadonlySet<string>;
  readonly others: readonly KnownLook[];
}

/** The row of an account that no replica shows. */
function missingRow(row: ShownAccount, { owner, ownId, names, others }: Missing): ShownAccount {
  const base = { ...row, lastKnownAt: null, nextTryAt: null, isAnswering: false };
  const unowned = (reason: string): ShownAccount => ({ ...base, state: "unowned", reason, replica: null });
  if (owner === undefined) return unowned("No replica has taken it yet.");
  if (!names.has(owner)) return unowned(`Replica ${owner} is gone; another one takes it within 10 seconds.`);
  const isAnswering =
    owner === ownId ||
    others.some(({ replica, look, lastKnownAt }) => replica.id === owner && look && lastKnownAt === null);
  if (isAnswering) {
    return {
      ...unowned(`Replica ${owner} takes it over, and waits for the end of its last answer elsewhere.`),
      replica: owner,
    };
  }
  const isOtherVersion = others.some(({ replica }) => replica.id === owner && !replica.isCompatible);
  const reason = isOtherVersion
    ? `Replica ${owner} has it, and has a version that this one cannot ask.`
    : `Replica ${owner} has it and does not answer.`;
  return { ...base, state: "unknown", reason, replica: owner };
}
