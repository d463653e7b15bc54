import { GatewayError } from "../errors.ts";
import type { PageFetch, Site } from "../sites/site.ts";
import { browserCall } from "./browser-call.ts";

/** A site answers this in milliseconds; a site that needs this long is stuck. */
const CHECK_LIMIT_MS = 10_000;

/** @throws GatewayError `account_signed_out`, and whatever kept the site from telling. */
export async function assertSignedIn(
  site: Site,
  { fetch, keepCookies }: { readonly fetch: PageFetch; readonly keepCookies: () => Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  // Sites send a new token with the head of the answer. If the browser died now, a token that is not stored would be lost.
  const keepingFetch: PageFetch = async (request, sign) => {
    const response = await fetch(request, sign);
    // A problem with the context shows when the check is over.
    await keepCookies().catch(() => {});
    return response;
  };
  const asked = site.isSignedIn(keepingFetch, signal);
  if (await browserCall(CHECK_LIMIT_MS, "ask whether the account is signed in", asked)) return;
  throw new GatewayError("account_signed_out", "The site says that this account is signed out.");
}
