import { readPaste } from "../credentials/paste.ts";
import { pasteNotes } from "../credentials/paste-notes.ts";
import { previewOf, type CredentialPreview } from "../credentials/pasted-credential.ts";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { RecentAnswers } from "../observe/recent-answers.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import { withTimeout } from "../process/with-timeout.ts";
import type { Sites } from "../sites/catalog.ts";
import type { AccountHistory } from "./account-history.ts";
import type { AccountRow, AccountRows } from "./account-rows.ts";
import { unusable } from "./account-refusals.ts";
import type { AccountChange, AccountRoster, NewAccount } from "./account-roster.ts";

export interface AccountControlParts {
  readonly pool: SessionPool;
  readonly roster: AccountRoster;
  readonly rows: AccountRows;
  readonly history: AccountHistory;
  readonly recent: RecentAnswers;
  readonly sites: Sites;
  readonly log: Log;
}

/** What came of an operator's action. */
export interface ActionResult {
  readonly row: AccountRow;
  /** What it did to the answer that was running. */
  readonly effect: string;
  /** What the operator should know of the credential. */
  readonly notes: readonly string[];
}

/** How long an action waits for what it changes. Running answers may take much longer. */
const SETTLE_LIMIT_MS = 2_000;
const IDLE = "No answer was running.";

/** What an operator may do with the accounts. Each method throws GatewayError `account_not_found` for an unknown id. */
export class AccountControl {
  readonly #parts: AccountControlParts;

  constructor(parts: AccountControlParts) {
    this.#parts = parts;
  }

  get rows(): readonly AccountRow[] {
    return this.#parts.rows.all;
  }

  /** Every account of the list, whoever has it, with nothing but its settings. */
  get listed(): readonly AccountRow[] {
    const { rows, roster } = this.#parts;
    return roster.all.map((account) => rows.listed(account));
  }

  row(id: string): AccountRow {
    const { rows, roster } = this.#parts;
    const account = roster.find(id);
    const row = account ? rows.of(account) : rows.find(id);
    if (!row) throw new GatewayError("account_not_found", "There is no account with this id.");
    return row;
  }

  historyOf(id: string): ReturnType<AccountRows["historyOf"]> {
    return this.#parts.rows.historyOf(id);
  }

  /** What the gateway makes of a credential, without storing it. @throws GatewayError `invalid_value` */
  preview(credential: string, site?: string): CredentialPreview {
    this.#assertSite(site);
    const preview = previewOf(credential, this.#parts.sites.named(site));
    if (typeof preview === "string") throw unusable(preview);
    return preview;
  }

  /** @throws GatewayError as `AccountRoster.add` does */
  async add(account: NewAccount): Promise<ActionResult> {
    this.#assertSite(account.site);
    if (account.id !== undefined) this.#assertGone(account.id);
    const { id } = await this.#parts.roster.add(account);
    await this.#settle();
    return this.#resultOf(id, "No answer of another account was touched.", account.credential);
  }

  /** @throws GatewayError as `AccountRoster.change` does */
  async change(id: string, change: AccountChange): Promise<ActionResult> {
    const { roster, rows, history, recent, pool } = this.#parts;
    if (change.id !== undefined && change.id !== id) this.#assertGone(change.id);
    const { isLeased, state } = rows.of(roster.editable(id));
    const changed = await roster.change(id, change);
    if (changed.id !== id) {
      history.rename(id, changed.id);
      recent.rename(id, changed.id);
    }
    await this.#settle();
    // Another sign-in has another state, and the operator has not enabled the account.
    if (state === "disabled") await pool.operator.disable(changed.id);
    const effect = isLeased
      ? "The answer that runs goes on as it began; the change takes effect after it."
      : `${IDLE} The account's page opens again with the change.`;
    return this.#resultOf(changed.id, effect, change.credential);
  }

  /** @throws GatewayError as `AccountRoster.remove` does */
  async remove(id: string): Promise<ActionResult> {
    const { roster, rows } = this.#parts;
    const row = rows.of(roster.editable(id));
    await roster.remove(id);
    await this.#settle();
    const effect = row.isLeased
      ? "The answer that runs goes on to its end; then the account is gone. It gets no new request."
      : `${IDLE} The account is gone, and its stored sign-in with it.`;
    return { row, effect, notes: [] };
  }

  async disable(id: string): Promise<ActionResult> {
    const { isLeased } = this.row(id);
    await this.#parts.pool.operator.disable(id);
    const effect = isLeased ? "The answer that runs goes on to its end." : IDLE;
    return this.#resultOf(id, `${effect} The account gets no new request.`);
  }

  async enable(id: string): Promise<ActionResult> {
    this.row(id);
    this.#parts.pool.operator.enable(id);
    return this.#resultOf(id, "The account gets requests again. No answer was touched.");
  }

  async check(id: string): Promise<ActionResult> {
    const { isLeased, state, nextTryAt } = this.row(id);
    this.#parts.pool.operator.recheck(id);
    if (isLeased) return this.#resultOf(id, "The answer that runs goes on; it shows whether the account is signed in.");
    if (state === "disabled") return this.#resultOf(id, `${IDLE} The account is checked once it is enabled.`);
    const isTried = nextTryAt !== undefined && state !== "rate_limited";
    return this.#resultOf(
      id,
      `${IDLE} ${isTried ? "The account is tried now." : "Its sign-in is checked within seconds."}`,
    );
  }

  async recycle(id: string): Promise<ActionResult> {
    const { isLeased, state } = this.row(id);
    const isRecycled = this.#parts.pool.operator.recycle(id);
    if (state === "taken_over") return this.#resultOf(id, "An operator uses its page; it is opened anew after that.");
    if (!isRecycled) return this.#resultOf(id, `${IDLE} No page is open; the next request opens a new one.`);
    if (!isLeased) return this.#resultOf(id, `${IDLE} A new page takes the place of the old one.`);
    return this.#resultOf(
      id,
      "The answer that runs goes on to its end in the old page; then a new page takes its place.",
    );
  }

  /** Puts what changed into use. An answer that still runs is not waited for. */
  async #settle(): Promise<void> {
    const { roster, log } = this.#parts;
    const applied = roster
      .apply()
      .catch((cause: unknown) => log.error({ err: cause }, "the accounts were not changed"));
    await withTimeout(applied, SETTLE_LIMIT_MS, () => undefined);
  }

  /** @throws GatewayError `account_exists` while an account that was removed still answers. */
  #assertGone(id: string): void {
    const { roster, rows } = this.#parts;
    if (!rows.find(id) || roster.find(id)) return;
    const message = `Account ${id} was removed and finishes its answer; the id is free after that.`;
    throw new GatewayError("account_exists", message, { param: "id" });
  }

  /** @throws GatewayError `invalid_value` */
  #assertSite(site: string | undefined): void {
    const { names } = this.#parts.sites;
    if (site === undefined || names.includes(site)) return;
    throw new GatewayError("invalid_value", `Invalid 'site': expected one of ${names.join(", ")}.`, { param: "site" });
  }

  #resultOf(id: string, effect: string, credential?: string): ActionResult {
    const { sites, roster } = this.#parts;
    const notes = credential === undefined ? [] : pasteNotes(readPaste(credential), sites.named(roster.find(id)?.site));
    return { row: this.row(id), effect, notes };
  }
}
