import { GatewayError } from "../errors.ts";
import type { PageFetch, Site } from "../sites/site.ts";
import { browserCall } from "./browser-call.ts";

/** A site tells in milliseconds who is signed in; one that needs this long is stuck. */
const CHECK_LIMIT_MS = 10_000;

/** @throws GatewayError `account_signed_out`, and whatever kept the site from telling. */
export async function assertSignedIn(
  site: Site,
  { fetch, keepCookies }: { readonly fetch: PageFetch; readonly keepCookies: () => Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  // Sites give a new token with the answer's head, and a browser that dies takes along what nobody else knows.
  const keepingFetch: PageFetch = async (request, sign) => {
    const response = await fetch(request, sign);
    // What is wrong with the context shows when the check is over.
    await keepCookies().catch(() => {});
    return response;
  };
  const asked = site.isSignedIn(keepingFetch, signal);
  if (await browserCall(CHECK_LIMIT_MS, "ask whether the account is signed in", asked)) return;
  throw new GatewayError("account_signed_out", "The site says that this account is signed out.");
}
