import type { Accounts } from "../accounts/accounts.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { Log } from "../observe/log.ts";
import type { Records } from "../records/records.ts";

/** A change that an operator made. It holds no secret. */
export interface OperatorChange {
  /** Who: `admin key` or `console`. */
  readonly actor: string;
  /** What, e.g. `key_created`. */
  readonly kind: string;
  /** What was changed, by its name. */
  readonly subject: string;
  /** The account's id, where one was changed. */
  readonly account?: string;
  /** Null where there was nothing before, or is nothing after. */
  readonly before: object | null;
  readonly after: object | null;
}

/** Keeps a change. Returns at once and never throws: a full disk stops no operator. */
export type Audit = (change: OperatorChange) => void;

/** The audit log: events of the kind `audit`, and a line in the log for each. */
export function auditIn(records: Pick<Records, "event">, log: Log): Audit {
  return (change) => {
    const { actor, kind, subject, account = null, before, after } = change;
    log.info({ change }, "changed by the operator");
    records.event({
      kind: "audit",
      actor,
      account,
      summary: `${kind.replaceAll("_", " ")}: ${subject}`,
      before,
      after,
    });
  };
}

/** Changes the accounts of the settings or the file to the list that the operator wrote there, and keeps that it did. */
export async function reload(accounts: Accounts, list: readonly ConfiguredAccount[], audit: Audit): Promise<void> {
  const before = { accounts: accounts.control.rows.map(({ id }) => id) };
  await accounts.configure(list);
  const after = { accounts: accounts.control.rows.map(({ id }) => id) };
  audit({ actor: "settings", kind: "accounts_reloaded", subject: `${list.length} accounts`, before, after });
}
