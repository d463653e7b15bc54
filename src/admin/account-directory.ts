import type { z } from "zod";
import type { AccountControl, ActionResult } from "../accounts/account-control.ts";
import type { AccountChange, NewAccount } from "../accounts/account-roster.ts";
import type { CredentialPreview } from "../credentials/pasted-credential.ts";
import { shownAccount, type accountDetailSchema, type ShownAccount } from "./account-schemas.ts";

export type ShownDetail = z.infer<typeof accountDetailSchema>;

/** What came of an operator's action. */
export interface ShownResult {
  /** The account as it was; null for a new one. */
  readonly before: ShownAccount | null;
  readonly account: ShownAccount;
  /** What it did to the answer that was running. */
  readonly effect: string;
  /** What the operator should know of the credential. */
  readonly notes: readonly string[];
}

export type AccountAction = "disable" | "enable" | "check" | "recycle";

/**
 * The accounts, wherever they are in use: what an operator sees of them and does with them. Each method throws
 * GatewayError `account_not_found` for an unknown id.
 */
export interface AccountDirectory {
  list(): Promise<readonly ShownAccount[]>;
  detail(id: string): Promise<ShownDetail>;
  /** @throws GatewayError `invalid_value` */
  preview(credential: string, site?: string): CredentialPreview;
  /** @throws GatewayError as `AccountRoster` does; so do `change` and `remove` */
  add(account: NewAccount): Promise<ShownResult>;
  change(id: string, change: AccountChange): Promise<ShownResult>;
  remove(id: string): Promise<ShownResult>;
  act(id: string, action: AccountAction): Promise<ShownResult>;
}

export type LocalAccounts = Pick<
  AccountControl,
  "rows" | "row" | "historyOf" | "preview" | "add" | "change" | "remove" | AccountAction
>;

/** The accounts of this gateway. */
export function localDirectory(accounts: LocalAccounts): AccountDirectory {
  const changed = async (id: string, work: () => Promise<ActionResult>): Promise<ShownResult> => {
    const before = shownAccount(accounts.row(id));
    return shownResult(before, await work());
  };
  return {
    list: async () => accounts.rows.map(shownAccount),
    detail: async (id) => detailOf(accounts, id),
    preview: (credential, site) => accounts.preview(credential, site),
    add: async (account) => shownResult(null, await accounts.add(account)),
    change: (id, change) => changed(id, () => accounts.change(id, change)),
    remove: (id) => changed(id, () => accounts.remove(id)),
    act: (id, action) => changed(id, () => accounts[action](id)),
  };
}

function detailOf(accounts: LocalAccounts, id: string): ShownDetail {
  const row = accounts.row(id);
  const history = accounts.historyOf(id).map(({ since: at, from: before, to: after, reason, nextTryAt = null }) => {
    return { at, before, after, reason, nextTryAt };
  });
  return { ...shownAccount(row), history };
}

function shownResult(before: ShownAccount | null, { row, effect, notes }: ActionResult): ShownResult {
  return { before, account: shownAccount(row), effect, notes };
}
