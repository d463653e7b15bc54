import { GatewayError } from "../errors.ts";
import { originSettingOf, type Site } from "../sites/site.ts";

const MAX_ADDRESS_CHARACTERS = 200;

/** Whether a document at this address belongs to the site. */
export function isAt(url: string, origin: URL): boolean {
  return URL.parse(url)?.origin === origin.origin;
}

/** The address for logs and errors: without query and fragment, where sites put tokens. */
export function addressOf(url: string): string {
  if (url.startsWith("chrome-error:")) return "an error page of the browser";
  return url.replace(/[?#].*$/s, "").slice(0, MAX_ADDRESS_CHARACTERS);
}

/** The error for a page in use that left the site. `address`: from `addressOf`. */
export function leftSite(address: string): GatewayError {
  return new GatewayError("session_lost", `The page left the site and stands at ${address}; nothing was sent there.`);
}

/** The error for a page that was opened at the site and was led elsewhere. */
export function movedAway(url: string, site: Pick<Site, "name" | "origin">): GatewayError {
  const address = addressOf(url);
  const target = URL.parse(url);
  const isWebSite = target?.protocol === "https:" || target?.protocol === "http:";
  if (!isWebSite) return new GatewayError("site_changed", `The site's page went to ${address}; nothing is sent there.`);
  const remedy = `set ${originSettingOf(site)}=${target.origin}`;
  const advice = isSameName(target, site.origin)
    ? `The site moved: ${remedy}.`
    : `If the site moved there, ${remedy}; if it is a sign-in page, give the account a new cookie.`;
  return new GatewayError("site_changed", `The site's page went to ${address}; nothing is sent there. ${advice}`);
}

/** Whether both addresses have the same host name, with or without `www.`. The scheme and the port may differ. */
function isSameName(one: URL, other: URL): boolean {
  return bareName(one) === bareName(other);
}

function bareName({ hostname }: URL): string {
  return hostname.replace(/^www\./, "");
}
