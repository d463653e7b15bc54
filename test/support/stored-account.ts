import type { AccountIdentity, StoredAccount } from "../../src/store/stored-account.ts";

export const configured = "__Secure-next-auth.session-token=configured-by-hand";
/** What an account leaves behind that the site told to wait. */
export const stored: StoredAccount = {
  cookies: JSON.stringify([{ name: "__Secure-next-auth.session-token", value: "rotated-since-then" }]),
  state: "cooldown",
  reason: "The site asks to wait.",
  since: 1_780_000_000_000,
  nextTryAt: 1_780_000_060_000,
  failuresInARow: 3,
  sentAt: [1_779_999_990_000, 1_779_999_999_000],
};

/** One that is signed in by another cookie than the others are. */
export function account(id: string, signIn = `${configured}-of-${id}`): AccountIdentity {
  return { id, signInKey: signIn, cookie: `${signIn}; theme=dark` };
}
