import type { Alerts } from "../alerts/alerts.ts";
import type { BrowserFleet } from "../browser/browser-fleet.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { Log, Redaction } from "../observe/log.ts";
import { RecentAnswers } from "../observe/recent-answers.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import type { Sites } from "../sites/catalog.ts";
import type { StoreChanges } from "../store/store-changes.ts";
import type { Store } from "../store/store.ts";
import { AccountControl } from "./account-control.ts";
import { AccountHistory } from "./account-history.ts";
import { AccountManager, type AccountManagerParts } from "./account-manager.ts";
import type { AccountPersistence } from "./account-persistence.ts";
import { AccountRoster, type AccountRosterParts } from "./account-roster.ts";
import { AccountRows } from "./account-rows.ts";
import { FailureBundles, type BundleOptions } from "./failure-bundles.ts";

/** Who uses the accounts, and who stores their states. */
export interface OwningParts {
  readonly manager: AccountManager;
  readonly persistence: AccountPersistence;
}

export interface AccountsParts {
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly store: Store;
  readonly persistence: AccountPersistence;
  readonly sites: Sites;
  readonly options: AccountManagerParts["options"];
  readonly alerts: Alerts;
  readonly log: Log;
  readonly redaction: Redaction;
  /** Where other replicas use accounts, too: what is between the list and the accounts in use here. */
  readonly owning?: ((parts: OwningParts) => AccountRosterParts["manager"]) | undefined;
}

/** The accounts: which there are, what happened to them, and what an operator may do with them. */
export class Accounts {
  readonly control: AccountControl;
  readonly history = new AccountHistory();
  /** It is to hear of each request that is over. */
  readonly recent = new RecentAnswers();
  readonly #roster: AccountRoster;
  readonly #logs: Pick<AccountsParts, "redaction" | "log">;

  private constructor({ store, options, owning = ({ manager }) => manager, ...parts }: AccountsParts) {
    const { pool, sites, log, redaction } = parts;
    this.#logs = { log, redaction };
    pool.events.subscribe((event) => this.history.onEvent(event));
    const manager = new AccountManager({ ...parts, options });
    this.#roster = new AccountRoster({
      manager: owning({ manager, persistence: parts.persistence }),
      store: store.consoleAccounts,
      sites,
      redaction,
      log,
    });
    const shared = { ...parts, roster: this.#roster, history: this.history, recent: this.recent };
    this.control = new AccountControl({ ...shared, rows: new AccountRows(shared) });
  }

  /** Reads the accounts that were added through the admin API. None is in use yet. @throws StoreError */
  static async open(parts: AccountsParts): Promise<Accounts> {
    const accounts = new Accounts(parts);
    await accounts.#roster.load();
    return accounts;
  }

  /** Where what pages showed at failures is kept; undefined where it is not to be kept, or cannot be. */
  openBundles(options: BundleOptions): Promise<FailureBundles | undefined> {
    return FailureBundles.open(options, { ...this.#logs, history: this.history });
  }

  /** Takes over the list of the settings or the file, beside the accounts that were added. */
  configure(list: readonly ConfiguredAccount[]): Promise<void> {
    return this.#roster.configure(list);
  }

  /** Takes over what other gateways with the same database change, until the result is disposed. */
  follow(changes: StoreChanges): Disposable {
    return changes.subscribe("accounts", () => this.#roster.reload());
  }
}
