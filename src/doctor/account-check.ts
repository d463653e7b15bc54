import { AuthCookies } from "../browser/auth-cookies.ts";
import type { StoredCookies } from "../browser/cookies.ts";
import { signInKey } from "../credentials/account-identity.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import { GatewayError } from "../errors.ts";
import type { Site } from "../sites/site.ts";
import type { AccountStore, StoredAccount } from "../store/account-store.ts";
import { StoreError } from "../store/store-error.ts";

const NOTHING_KNOWN: StoredAccount = {
  cookies: "[]",
  state: "idle",
  reason: "",
  since: 0,
  nextTryAt: undefined,
  failuresInARow: 0,
  sentAt: [],
};

export interface AccountCheck {
  readonly site: Site;
  readonly store: AccountStore;
  /** Opens the site with this sign-in. @throws GatewayError `account_signed_out` when it is signed out there. */
  readonly open: (signIn: AuthCookies) => Promise<void>;
}

/**
 * Opens the site with the account's newest sign-in, as serving would, and stores each token that the site gives: it may
 * hold once. Sends no prompt.
 * @throws what `open` throws; StoreError when a new token could not be stored.
 */
export async function checkAccount(configured: ConfiguredAccount, { site, store, open }: AccountCheck): Promise<void> {
  const account = { ...configured, signInKey: signInKey(configured.cookie, site) };
  const stored = await store.load(account).catch((cause: unknown) => {
    // Serving goes on from the configured cookie there, too.
    if (cause instanceof StoreError && cause.code === "seal_broken") return undefined;
    throw cause;
  });
  const signIn = new AuthCookies(site, configured.cookie, stored && (JSON.parse(stored.cookies) as StoredCookies));
  if (stored?.isConfiguredAnew) signIn.takeOver();
  const known = stored ?? NOTHING_KNOWN;
  let saved: Promise<void> = Promise.resolve();
  const save = (verdict: StoredAccount): void => {
    const cookies = JSON.stringify(signIn.cookies);
    saved = saved.then(() => store.save(account, { ...verdict, cookies }));
    // Whoever awaits it below is told; until then it is nobody's.
    saved.catch(() => {});
  };
  signIn.onChange = () => save(known);
  try {
    await openWithAnySignIn(signIn, open);
    signIn.prove();
    // What kept it out of use before is over.
    save({ ...NOTHING_KNOWN, sentAt: known.sentAt });
  } finally {
    await saved;
  }
}

async function openWithAnySignIn(signIn: AuthCookies, open: AccountCheck["open"]): Promise<void> {
  for (;;) {
    try {
      await open(signIn);
      return;
    } catch (cause) {
      const isSignedOut = cause instanceof GatewayError && cause.code === "account_signed_out";
      if (!isSignedOut || !signIn.fallBack()) throw cause;
    }
  }
}
