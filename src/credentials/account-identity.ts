import { createHash } from "node:crypto";
import type { ConfiguredAccount } from "./configured-account.ts";
import type { Site } from "../sites/site.ts";
import type { ListedAccount } from "./account-list.ts";
import { belongsTo } from "./cookie-scope.ts";
import { readPaste, type Paste } from "./paste.ts";

type SiteCookies = Pick<Site, "origin" | "isAuthCookie">;

/** The sites that accounts may name. */
export interface KnownSites {
  readonly names: readonly string[];
  named(name: string | undefined): SiteCookies;
}

/** Letters and digits that nobody confuses: https://www.crockford.com/base32.html, in lower case. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** 40 bits: in a list of a thousand accounts, two are the same with a chance of one in two million. */
const DIGEST_CHARACTERS = 8;

type Configured = Pick<ConfiguredAccount, "cookie" | "site">;

/** What was found out before: accounts are asked for it again with each new list. */
const known = new WeakMap<KnownSites, WeakMap<Configured, string>>();

/**
 * What identifies an account: its site, and the configured names and values of the cookies that keep it signed in. Without any
 * such cookie, all of its cookies.
 */
export function signInKey(account: Configured, sites: KnownSites): string {
  const keys = known.get(sites) ?? new WeakMap<Configured, string>();
  known.set(sites, keys);
  const key = keys.get(account) ?? readSignIn(account, sites);
  keys.set(account, key);
  return key;
}

function readSignIn({ cookie, site: siteName }: Configured, sites: KnownSites): string {
  const site = sites.named(siteName);
  const cookies = (readPaste(cookie)?.cookies ?? []).filter((one) => belongsTo(one.domain, site.origin));
  const auth = cookies.filter(({ name }) => site.isAuthCookie(name));
  const pairs = (auth.length > 0 ? auth : cookies).map(({ name, value }) => `${name}=${value}`);
  const signIn = [...new Set(pairs)].toSorted().join("; ");
  // What is stored of the default site's accounts is older than other sites.
  return siteName === undefined || siteName === sites.names[0] ? signIn : `${siteName}: ${signIn}`;
}

/** Whether the paste holds a cookie that keeps the account signed in. */
export function hasSignIn(paste: Paste | undefined, site: SiteCookies): boolean {
  return (paste?.cookies ?? []).some(({ name, domain }) => site.isAuthCookie(name) && belongsTo(domain, site.origin));
}

/**
 * The accounts of a list, each with an id. An account without one gets `account-` and a short digest of its sign-in, so that
 * its position in the list does not matter.
 */
export function identify(
  list: readonly ListedAccount[],
  sites: KnownSites,
): { readonly accounts: readonly ConfiguredAccount[]; readonly problem?: string } {
  const strays = [...list.keys()].filter((index) => !isKnown(list[index]?.site, sites)).map((index) => index + 1);
  if (strays.length > 0) {
    return {
      accounts: [],
      problem: `one of the sites ${sites.names.join(", ")}; items ${strays.join(", ")} name another`,
    };
  }
  const signIns = list.map((account) => signInKey(account, sites));
  const accounts = list.map(({ id, cookie, proxy, site }, index) => ({
    id: id ?? idOf(signIns[index] ?? ""),
    cookie,
    proxy,
    site,
  }));
  const positions = (same: (index: number) => string | undefined): string[] =>
    [...Map.groupBy(list.keys(), same).values()]
      .filter((indexes) => indexes.length > 1)
      .map((indexes) => indexes.map((index) => `${index + 1} (${accounts[index]?.id})`).join(" and "));
  const twice = positions((index) => signIns[index]);
  const problem = "each account once";
  if (twice.length > 0) return { accounts, problem: `${problem}; items ${twice.join(", ")} have the same sign-in` };
  const named = positions((index) => accounts[index]?.id);
  if (named.length > 0) return { accounts, problem: `a different id for each item; items ${named.join(", ")}` };
  return { accounts };
}

function isKnown(site: string | undefined, { names }: KnownSites): boolean {
  return site === undefined || names.includes(site);
}

function idOf(signIn: string): string {
  const bytes = createHash("sha256").update(`gptomni-gateway account ${signIn}`).digest();
  return `account-${[...bytes.subarray(0, DIGEST_CHARACTERS)].map((byte) => ALPHABET[byte % 32]).join("")}`;
}
