import { GatewayError } from "../errors.ts";

const MAX_ADDRESS_CHARACTERS = 200;

/** Whether a document at this address is the site's. */
export function isAt(url: string, origin: URL): boolean {
  return URL.parse(url)?.origin === origin.origin;
}

/** The address as an operator may see it: without query and fragment, where sites put tokens. */
export function addressOf(url: string): string {
  if (url.startsWith("chrome-error:")) return "an error page of the browser";
  return url.replace(/[?#].*$/s, "").slice(0, MAX_ADDRESS_CHARACTERS);
}

/** A page in use that stands elsewhere now. `address`: from `addressOf`. */
export function leftSite(address: string): GatewayError {
  return new GatewayError("session_lost", `The page left the site and stands at ${address}; nothing was sent there.`);
}

/** A page that was opened at the site and came to stand elsewhere. */
export function movedAway(url: string, origin: URL): GatewayError {
  const address = addressOf(url);
  const target = URL.parse(url);
  const isWebSite = target?.protocol === "https:" || target?.protocol === "http:";
  if (!isWebSite) return new GatewayError("site_changed", `The site's page went to ${address}; nothing is sent there.`);
  const advice = isSameName(target, origin)
    ? `The site moved: set GPTOMNI_ORIGIN=${target.origin}.`
    : `If the site moved there, set GPTOMNI_ORIGIN=${target.origin}; if it is a sign-in page, give the account a new cookie.`;
  return new GatewayError("site_changed", `The site's page went to ${address}; nothing is sent there. ${advice}`);
}

/** Apex and www, http and https, and ports are names of one site. */
function isSameName(one: URL, other: URL): boolean {
  return bareName(one) === bareName(other);
}

function bareName({ hostname }: URL): string {
  return hostname.replace(/^www\./, "");
}
