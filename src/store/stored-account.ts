import type { AccountSource } from "./schema.ts";
import type { StoreError } from "./store-error.ts";

export interface StoredAccount {
  /** The browser's newest cookies in Playwright's form, with rotated tokens; JSON. */
  readonly cookies: string;
  readonly state: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly nextTryAt: number | undefined;
  readonly failuresInARow: number;
  /** When it sent recently; milliseconds since the epoch. */
  readonly sentAt: readonly number[];
}

/** What an account is found by: its sign-in. Its id may change, and so may the rest of its configuration. */
export interface AccountIdentity {
  readonly id: string;
  /** The cookies that keep it signed in, as they are configured. */
  readonly signInKey: string;
  /** Everything that is configured of it. */
  readonly cookie: string;
  /** Where it is configured; `settings` if not given. */
  readonly source?: AccountSource | undefined;
  /** Where replicas take accounts from each other: which of the times that it was taken this is. */
  readonly epoch?: number | undefined;
}

export interface LoadedAccount extends StoredAccount {
  /** Whether something other than the sign-in has been configured differently since this was saved. */
  readonly isConfiguredAnew: boolean;
}

/** What is known of an account when it is taken into use. */
export interface RecalledAccount {
  /** Undefined if nothing is stored for its sign-in. StoreError `seal_broken` if what is stored was altered. */
  readonly stored: LoadedAccount | StoreError | undefined;
  /** When the account sent recently, under any sign-in of its id; milliseconds since the epoch, earliest first. */
  readonly sentAt: readonly number[];
}

/** What is to be stored of an account. */
export interface AccountSave {
  readonly account: AccountIdentity;
  readonly stored: StoredAccount;
}

/** What accounts are read and written by: 250 rows are some megabytes, and statements have room for their parameters. */
export const ACCOUNTS_AT_ONCE = 250;
