import type { RecordTables } from "./record-tables.ts";

/** Who says that there is this account: GPTOMNI_CREDENTIALS, CREDENTIALS_FILE, or the admin API with its console. */
export type AccountSource = "settings" | "file" | "console";

export interface AccountTable {
  /** `account:` and the keyed digest of the configured sign-in, or `credential:` and the id if that is not known yet. */
  readonly key: string;
  readonly id: string;
  /** Keyed digest of everything that is configured. */
  readonly configured: string;
  /** Sealed. */
  readonly cookies: string;
  readonly state: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly next_try_at: number | null;
  readonly failures_in_a_row: number;
  /** JSON list of milliseconds since the epoch. */
  readonly sent_at: string;
  /** When it was removed from its source, in milliseconds since the epoch; null while it is in use. */
  readonly removed_at: number | null;
  readonly source: AccountSource;
}

/** Times are milliseconds since the epoch. */
export interface ApiKeyTable {
  readonly id: string;
  /** No two keys in use have one name. */
  readonly name: string;
  /** SHA-256 of the secret, in hexadecimal digits. */
  readonly hash: string;
  readonly prefix: string;
  /** JSON object. */
  readonly limits: string;
  /** JSON list; null for all models. */
  readonly models: string | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly revoked_at: number | null;
}

/** An account that was added through the admin API. */
export interface ConsoleAccountTable {
  readonly id: string;
  /** As in the table of accounts: no sign-in is there twice. */
  readonly key: string;
  /** Its credential, proxy and site, sealed. */
  readonly sealed: string;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
  readonly changed_at: number;
}

/** What an API key has used of its day. */
export interface KeyUseTable {
  readonly key_id: string;
  /** Which of its limits. */
  readonly window: string;
  readonly used: number;
  /** Milliseconds since the epoch. */
  readonly ends_at: number;
}

/** The end of a sign-in that the operator was told last. */
export interface ToldExpiryTable {
  /** The account's id. */
  readonly account: string;
  /** Milliseconds since the epoch. */
  readonly expires_at: number;
}

/** A browser in which the operator is signed in. Times are milliseconds since the epoch. */
export interface ConsoleSessionTable {
  /** SHA-256 of the secret in its cookie. */
  readonly digest: string;
  readonly id: string;
  readonly ends_at: number;
  readonly idle_until: number;
}

/** How often something was changed that other gateways have to hear of. */
export interface ChangeTable {
  readonly topic: string;
  readonly version: number;
}

/** Who has an account, and its last prompt. Times are of the database's clock. In PostgreSQL only. */
export interface AccountOwnerTable {
  /** As in the table of accounts. */
  readonly key: string;
  readonly id: string;
  /** The id of the replica; null when it was given up. */
  readonly owner: string | null;
  /** Grows whenever the account is taken or given up. */
  readonly epoch: number;
  /** How many prompts were announced. */
  readonly turn: number;
  readonly turn_request: string | null;
  readonly turn_at: number | null;
  /** Until when the prompt may run; null once it is over. */
  readonly turn_until: number | null;
}

/** The tables, as the last migration leaves them. */
export interface Schema extends RecordTables {
  readonly change: ChangeTable;
  /** How many requests of a key run at each gateway: `[number, end of its word, number of its word]` by gateway, as JSON. */
  readonly key_running: { readonly key_id: string; readonly holders: string };
  /** In PostgreSQL only. */
  readonly console_session: ConsoleSessionTable;
  /** Accounts of the settings and the file that are in `console_account` since, or were removed there. */
  readonly imported_account: { readonly key: string };
  /** Keys that a gateway made because none was set, sealed. */
  readonly kept_secret: { readonly name: string; readonly sealed: string };
  readonly account: AccountTable;
  readonly account_owner: AccountOwnerTable;
  readonly api_key: ApiKeyTable;
  readonly console_account: ConsoleAccountTable;
  readonly key_use: KeyUseTable;
  readonly told_expiry: ToldExpiryTable;
  /** One row: which SECRET_KEY seals the database's own key, and that key, sealed. */
  readonly seal: { readonly key_id: string; readonly data_key: string };
}
