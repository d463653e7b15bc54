import { identify, signInKey } from "../credentials/account-identity.ts";
import { ACCOUNT_ID, ID_FORM } from "../credentials/account-list.ts";
import { secretsOf, type ConfiguredAccount } from "../credentials/configured-account.ts";
import { problemOfCredential } from "../credentials/pasted-credential.ts";
import type { Proxy } from "../credentials/proxy.ts";
import { GatewayError } from "../errors.ts";
import type { Log, Redaction } from "../observe/log.ts";
import type { Sites } from "../sites/catalog.ts";
import type { ConsoleAccountStore } from "../store/console-account-store.ts";
import { placeOf, storing, unusable } from "./account-refusals.ts";

export interface AccountRosterParts {
  readonly manager: { apply(list: readonly ConfiguredAccount[]): Promise<void> };
  readonly store: ConsoleAccountStore;
  readonly sites: Sites;
  readonly redaction: Redaction;
  readonly log: Log;
}

/** What an operator gives to add an account. */
export interface NewAccount {
  readonly id: string | undefined;
  /** In any form that `readPaste` knows. */
  readonly credential: string;
  readonly proxy: Proxy | undefined;
  readonly site: string | undefined;
}

/** What an operator changes of an account; what is undefined stays. */
export interface AccountChange {
  readonly id?: string | undefined;
  readonly credential?: string | undefined;
  /** Null: it uses the proxy of all accounts from then on. */
  readonly proxy?: Proxy | null | undefined;
}

/**
 * Which accounts there are: those of the settings or the file, and those that were added through the admin API. A changed file
 * leaves the latter alone. An account that is in both lists, by its id or its sign-in, is the one of the settings or the file.
 */
export class AccountRoster {
  readonly #parts: AccountRosterParts;
  #configured: readonly ConfiguredAccount[] = [];
  /** In the order in which they were added. */
  #added: readonly ConfiguredAccount[] = [];
  /** Those that are in use, here or at another replica. */
  all: readonly ConfiguredAccount[] = [];
  /** Changes by an operator, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: AccountRosterParts) {
    this.#parts = parts;
  }

  /** Reads the accounts that were added. Call it once, before the first list. @throws StoreError */
  async load(): Promise<void> {
    const { store, redaction, log } = this.#parts;
    const { accounts, broken } = await store.load();
    this.#added = accounts.map((account) => ({ ...account, source: "console" }));
    redaction.add(this.#added.flatMap(secretsOf));
    for (const account of broken) log.error({ account }, "what is stored of this account was altered: add it again");
  }

  /** Takes over what another gateway changed. Resolves when that is known, not yet in use. @throws StoreError */
  async reload(): Promise<void> {
    await this.#inTurn(() => this.load());
    this.apply().catch((cause: unknown) => this.#parts.log.error({ reason: String(cause) }, "accounts not reloaded"));
  }

  /**
   * Takes over a new list of the settings or the file. Resolves when it is in use. Where gateways share what is stored, accounts
   * that are new in it are added there, each once for ever: later changes are made there. @throws StoreError in that case only
   */
  async configure(list: readonly ConfiguredAccount[]): Promise<void> {
    if (this.#parts.store.isShared) {
      await this.#import(list);
      return this.apply();
    }
    this.#configured = list;
    await this.apply();
    for (const { id } of this.#added.filter((account) => !this.all.includes(account))) {
      const place = placeOf(list[0] ?? {});
      this.#parts.log.warn({ account: id }, `this account of the console is not used: ${place} has it too`);
    }
  }

  /** Puts the changes so far into use. Resolves when running answers of removed accounts are over, too. */
  async apply(): Promise<void> {
    const ids = new Set(this.#configured.map(({ id }) => id));
    const signIns = new Set(this.#configured.map((account) => this.#signInOf(account)));
    const isNew = (account: ConfiguredAccount): boolean =>
      !ids.has(account.id) && !signIns.has(this.#signInOf(account));
    this.all = [...this.#configured, ...this.#added.filter(isNew)];
    await this.#parts.manager.apply(this.all);
  }

  /** An account that is in use, or will be as soon as an answer is over. */
  find(id: string): ConfiguredAccount | undefined {
    return this.all.find((account) => account.id === id);
  }

  /** Stores the account and takes it into use. @throws GatewayError `account_exists`, `invalid_value`, `state_not_stored`. */
  add({ id, credential, proxy, site }: NewAccount): Promise<ConfiguredAccount> {
    return this.#change(async () => {
      this.#assertUsable(credential, site);
      const listed = { id, cookie: credential, proxy, site };
      const [identified] = identify([listed], this.#parts.sites).accounts;
      const account = { ...listed, id: identified?.id ?? "", source: "console" as const };
      this.#assertNew(account, undefined);
      await this.#store(account);
      this.#added = [...this.#added, account];
      return account;
    });
  }

  /** Renames an account, or replaces its credential or its proxy. @throws GatewayError as `add` does; `account_not_editable`. */
  change(id: string, change: AccountChange): Promise<ConfiguredAccount> {
    return this.#change(async () => {
      const before = this.editable(id);
      const { credential = before.cookie, proxy = before.proxy } = change;
      if (change.credential !== undefined) this.#assertUsable(credential, before.site);
      const account = { ...before, id: change.id ?? id, cookie: credential, proxy: proxy ?? undefined };
      this.#assertNew(account, before);
      await this.#store(account, id);
      this.#added = this.#added.map((one) => (one === before ? account : one));
      return account;
    });
  }

  /** Forgets the account. @throws GatewayError `account_not_editable`, `account_not_found`, `state_not_stored`. */
  remove(id: string): Promise<ConfiguredAccount> {
    return this.#change(async () => {
      const account = this.editable(id);
      await storing(() => this.#parts.store.remove(id));
      this.#added = this.#added.filter((one) => one !== account);
      return account;
    });
  }

  /** The account, if it was added here. @throws GatewayError `account_not_editable`, `account_not_found`. */
  editable(id: string): ConfiguredAccount {
    const added = this.#added.find((account) => account.id === id);
    const configured = this.#configured.find((account) => account.id === id);
    if (configured) {
      const message = `Account ${id} is of ${placeOf(configured)}: change it there. Here it can be disabled.`;
      throw new GatewayError("account_not_editable", message);
    }
    if (!added) throw new GatewayError("account_not_found", "There is no account with this id.");
    return added;
  }

  /** @throws GatewayError `invalid_value` that says what was found. */
  #assertUsable(credential: string, site: string | undefined): void {
    const problem = problemOfCredential(credential, this.#parts.sites.named(site));
    if (problem !== undefined) throw unusable(problem);
  }

  /** @throws GatewayError `account_exists` that says where; `invalid_value` for an id that is none. */
  #assertNew(account: ConfiguredAccount, before: ConfiguredAccount | undefined): void {
    if (!ACCOUNT_ID.test(account.id)) {
      throw new GatewayError("invalid_value", `Invalid 'id': expected ${ID_FORM}.`, { param: "id" });
    }
    const others = [...this.#configured, ...this.#added].filter((one) => one !== before);
    const named = others.find(({ id }) => id === account.id);
    if (named) {
      const message = `There is an account ${account.id} already, in ${placeOf(named)}.`;
      throw new GatewayError("account_exists", message, { param: "id" });
    }
    const signIn = this.#signInOf(account);
    const same = others.find((one) => this.#signInOf(one) === signIn);
    if (!same) return;
    const message = `Account ${same.id}, in ${placeOf(same)}, has the same sign-in.`;
    throw new GatewayError("account_exists", message, { param: "credential" });
  }

  async #store(account: ConfiguredAccount, before?: string): Promise<void> {
    const { store, redaction } = this.#parts;
    redaction.add(secretsOf(account));
    const { id, cookie, proxy, site } = account;
    await storing(() => store.save({ id, cookie, proxy, site, signInKey: this.#signInOf(account) }, before));
  }

  async #import(list: readonly ConfiguredAccount[]): Promise<void> {
    const { store, log } = this.#parts;
    const accounts = list.map((account) => ({
      id: account.id,
      cookie: account.cookie,
      proxy: account.proxy,
      site: account.site,
      signInKey: this.#signInOf(account),
    }));
    for (const account of await store.import(accounts)) {
      log.warn({ account }, "not taken over: the database has an account of this name with another sign-in");
    }
    await this.#inTurn(() => this.load());
  }

  #signInOf(account: ConfiguredAccount): string {
    return signInKey(account, this.#parts.sites);
  }

  /** @throws GatewayError `state_not_stored` when it is not known what there is. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (this.#parts.store.isShared) await storing(() => this.load());
      return work();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => {});
    return done;
  }
}
