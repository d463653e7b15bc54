import { SignIn } from "../browser/auth-cookies.ts";
import type { StoredCookies } from "../browser/cookies.ts";
import { signInText } from "../credentials/account-identity.ts";
import type { Credential } from "../credentials/configured-account.ts";
import { GatewayError } from "../errors.ts";
import type { Site } from "../sites/site.ts";
import type { CredentialStore, StoredCredential } from "../store/account-store.ts";
import { StoreError } from "../store/store-error.ts";

const NOTHING_KNOWN: StoredCredential = {
  cookies: "[]",
  state: "cold",
  reason: "",
  since: 0,
  nextTryAt: undefined,
  failuresInARow: 0,
  sentAt: [],
};

export interface AccountCheck {
  readonly site: Site;
  readonly store: CredentialStore;
  /** Opens the site with this sign-in. @throws GatewayError `credential_expired` when it is signed out there. */
  readonly open: (signIn: SignIn) => Promise<void>;
}

/**
 * Opens the site with the account's newest sign-in, as serving would, and stores each token that the site gives: it may
 * hold once. Sends no prompt.
 * @throws what `open` throws; StoreError when a new token could not be stored.
 */
export async function checkAccount(credential: Credential, { site, store, open }: AccountCheck): Promise<void> {
  const account = { ...credential, signIn: signInText(credential.cookie, site) };
  const stored = await store.load(account).catch((cause: unknown) => {
    // Serving goes on from the configured cookie there, too.
    if (cause instanceof StoreError && cause.code === "seal_broken") return undefined;
    throw cause;
  });
  const signIn = new SignIn(site, credential.cookie, stored && (JSON.parse(stored.cookies) as StoredCookies));
  if (stored?.isConfiguredAnew) signIn.takeOver();
  const known = stored ?? NOTHING_KNOWN;
  let saved: Promise<void> = Promise.resolve();
  const save = (verdict: StoredCredential): void => {
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

async function openWithAnySignIn(signIn: SignIn, open: AccountCheck["open"]): Promise<void> {
  for (;;) {
    try {
      await open(signIn);
      return;
    } catch (cause) {
      const isSignedOut = cause instanceof GatewayError && cause.code === "credential_expired";
      if (!isSignedOut || !signIn.fallBack()) throw cause;
    }
  }
}
