import { hasSignIn } from "./account-identity.ts";
import type { Paste } from "./paste.ts";
import type { Site } from "../sites/site.ts";

const NO_SIGN_IN =
  "its cookies hold no sign-in, and document.cookie never shows it: while signed in, copy the Cookie header of a request " +
  "to the site from the Network tab of the developer tools";

/** What an operator should know about what they pasted. Names cookies, never their values. */
export function pasteNotes(paste: Paste | undefined, site: Pick<Site, "origin" | "isAuthCookie">): string[] {
  const leftOut = (paste?.leftOut ?? []).filter(({ isExpected }) => !isExpected);
  const notes = leftOut.map(({ name, reason }) => `cookie ${name} is left out: ${reason}`);
  return hasSignIn(paste, site) ? notes : [...notes, NO_SIGN_IN];
}
