import { isCookieExport } from "./cookie-json.ts";
import { jsonOf, PASTE_FORMS, readPaste, unwrapped } from "./paste.ts";
import { PROXY_FORM, readProxy, type Proxy } from "./proxy.ts";

export interface ListedAccount {
  readonly id: string | undefined;
  /** In any form that `readPaste` knows. */
  readonly cookie: string;
  /** The account's proxy; undefined when it uses the proxy of all accounts. */
  readonly proxy: Proxy | undefined;
  /** The name of its site; undefined for the default site. */
  readonly site: string | undefined;
}

interface AccountList {
  readonly accounts: readonly ListedAccount[];
  /** What was expected instead, and which items are wrong. Never quotes them. */
  readonly problem?: string;
}

const LIST_FORM = 'a JSON list of cookie strings or of {"id","cookie","proxy"}, or the cookies of one account';
export const ACCOUNT_ID = /^[\w.@-]{1,64}$/;
const SITE_FORM = "the name of a site";
export const ID_FORM = "an id of ASCII letters, digits and . _ @ -, 64 characters at most";

/** Accounts from a setting, a file or a form. Each item of a JSON list is an account; anything else is one account. */
export function listAccounts(text: string): AccountList {
  const bare = unwrapped(text);
  if (bare === "") return { accounts: [] };
  if (!/^[[{]/.test(bare)) return fromItems([bare]);
  const value = jsonOf(bare);
  if (value === undefined) {
    return { accounts: [], problem: `${LIST_FORM}; this is no whole JSON (a quote, comma or bracket is missing)` };
  }
  const isList = Array.isArray(value) && !isCookieExport(value);
  return fromItems(isList ? value : [value]);
}

function fromItems(items: readonly unknown[]): AccountList {
  const results = items.map(toAccount);
  const bad = results.flatMap((result, index) => (typeof result === "string" ? [[index + 1, result] as const] : []));
  if (bad.length === 0) return { accounts: results.filter((result) => typeof result !== "string") };
  const byProblem = Map.groupBy(bad, ([, problem]) => problem);
  const told = [...byProblem].map(([problem, some]) => {
    const positions = some.map(([position]) => position).join(", ");
    return some.length === 1 ? `item ${positions} is not ${problem}` : `none of items ${positions} is ${problem}`;
  });
  return { accounts: [], problem: `${LIST_FORM}; ${told.join("; ")}` };
}

interface Parts {
  readonly id?: unknown;
  readonly site?: unknown;
  readonly proxy?: unknown;
  readonly cookie: string | undefined;
}

/** The account, or what the item should have been. */
function toAccount(item: unknown): ListedAccount | string {
  const { id, cookie, proxy, site } = partsOf(item);
  const named = id === null || id === "" ? undefined : typeof id === "number" ? String(id) : id;
  if (named !== undefined && (typeof named !== "string" || !ACCOUNT_ID.test(named))) return `one with ${ID_FORM}`;
  const cookies = cookie === undefined ? undefined : readPaste(cookie);
  if (cookie === undefined || !cookies) return PASTE_FORMS;
  if (cookies.cookies.length === 0) return `one with a cookie that a browser takes: ${cookies.leftOut[0]?.reason}`;
  const isDirect = proxy === undefined || proxy === null || proxy === "";
  const way = isDirect ? undefined : typeof proxy === "string" ? readProxy(proxy) : PROXY_FORM;
  if (typeof way === "string") return `one with ${way}`;
  if (site !== undefined && site !== null && (typeof site !== "string" || !ACCOUNT_ID.test(site)))
    return `one with ${SITE_FORM}`;
  return { id: named, cookie, proxy: way, site: site || undefined };
}

function partsOf(item: unknown): Parts {
  if (typeof item === "string") return { cookie: item };
  if (typeof item !== "object" || item === null) return { cookie: undefined };
  if (Array.isArray(item)) return { cookie: JSON.stringify(item) };
  const { id, proxy, site, ...rest }: Omit<Parts, "cookie"> & { readonly proxy?: unknown } = item;
  const only = "cookie" in rest ? rest.cookie : undefined;
  return { id, proxy, site, cookie: typeof only === "string" ? only : JSON.stringify(rest) };
}
