import { AuthCookies } from "../browser/auth-cookies.ts";
import type { BrowserSupervisor } from "../browser/browser-supervisor.ts";
import type { StoredCookies } from "../browser/cookies.ts";
import { Session } from "../browser/session.ts";
import type { Config } from "../config/config.ts";
import { signInKey } from "../credentials/account-identity.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import { GatewayError } from "../errors.ts";
import type { Sites } from "../sites/catalog.ts";
import type { AccountStore } from "../store/account-store.ts";
import type { StoredAccount } from "../store/stored-account.ts";
import { StoreError } from "../store/store-error.ts";
import type { Report } from "./report.ts";

const NOTHING_KNOWN: StoredAccount = {
  cookies: "[]",
  state: "idle",
  reason: "",
  since: 0,
  nextTryAt: undefined,
  failuresInARow: 0,
  sentAt: [],
};

interface AccountCheckTools {
  readonly sites: Sites;
  readonly store: AccountStore;
  readonly supervisor: BrowserSupervisor;
}

/** Opens the site with each account and reports whether it is signed in. */
export async function checkAccounts(
  { accounts, sessions }: Pick<Config, "accounts" | "sessions">,
  { sites, store, supervisor }: AccountCheckTools,
  report: Report,
): Promise<void> {
  for (const account of accounts.list) {
    const site = sites.named(account.site);
    const proxy = account.proxy ?? sessions.proxy;
    const through = proxy ? `, through ${proxy.server}` : "";
    const open = async (authCookies: AuthCookies): Promise<void> => {
      await using session = new Session(supervisor, authCookies, { ...sessions, site, proxy });
      await session.open(new AbortController().signal);
    };
    await report.check(`account ${account.id}`, async () => {
      const startedAt = performance.now();
      await checkAccount(account, { sites, store, open });
      const ms = Math.round(performance.now() - startedAt);
      return `signed in at ${site.origin.host}, page open in ${ms} ms${through}`;
    });
  }
}

interface AccountCheck extends Pick<AccountCheckTools, "sites" | "store"> {
  /** Opens the site with these cookies. @throws GatewayError `account_signed_out` when the site says so. */
  readonly open: (authCookies: AuthCookies) => Promise<void>;
}

/**
 * Opens the site with the account's newest cookies, as serving would, and stores each token that the site issues: the token
 * before it may be valid no more. Sends no prompt.
 * @throws what `open` throws; StoreError when a new token could not be stored.
 */
export async function checkAccount(configured: ConfiguredAccount, { sites, store, open }: AccountCheck): Promise<void> {
  const account = { ...configured, signInKey: signInKey(configured, sites) };
  const stored = await store.load(account).catch((cause: unknown) => {
    // Serving continues with the configured cookie here, too.
    if (cause instanceof StoreError && cause.code === "seal_broken") return undefined;
    throw cause;
  });
  const site = sites.named(configured.site);
  const authCookies = new AuthCookies(site, configured.cookie, stored && (JSON.parse(stored.cookies) as StoredCookies));
  if (stored?.isConfiguredAnew) authCookies.mergePaste();
  const known = stored ?? NOTHING_KNOWN;
  let saved: Promise<unknown> = Promise.resolve();
  const save = (state: StoredAccount): void => {
    const cookies = JSON.stringify(authCookies.cookies);
    saved = saved.then(() => store.save(account, { ...state, cookies }));
    // The `finally` below reports it; until then it must not count as unhandled.
    saved.catch(() => {});
  };
  authCookies.onChange = () => save(known);
  try {
    await openWithAnyCookies(authCookies, open);
    authCookies.confirm();
    // The account works now, so an earlier failure does not count any more.
    save({ ...NOTHING_KNOWN, sentAt: known.sentAt });
  } finally {
    await saved;
  }
}

async function openWithAnyCookies(authCookies: AuthCookies, open: AccountCheck["open"]): Promise<void> {
  for (;;) {
    try {
      await open(authCookies);
      return;
    } catch (cause) {
      const isSignedOut = cause instanceof GatewayError && cause.code === "account_signed_out";
      if (!isSignedOut || !authCookies.tryNext()) throw cause;
    }
  }
}
