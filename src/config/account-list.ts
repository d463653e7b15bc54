import { isCookieExport } from "./cookie-json.ts";
import { jsonOf, PASTE_FORMS, readPaste, unwrapped } from "./paste.ts";

export interface ListedAccount {
  readonly id: string | undefined;
  /** In any form that `readPaste` knows. */
  readonly cookie: string;
}

interface AccountList {
  readonly accounts: readonly ListedAccount[];
  /** What was expected instead, with the items that are wrong; shows nothing of what they hold. */
  readonly problem?: string;
}

const LIST_FORM = 'a JSON list of cookie strings or of {"id","cookie"}, or the cookies of one account';
const ID = /^[\w.@-]{1,64}$/;
const ID_FORM = "an id of ASCII letters, digits and . _ @ -, 64 characters at most";

/** Accounts from a setting, a file or a form. A JSON list holds one account an item; anything else is one account. */
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

/** The account, or what the item should have been. */
function toAccount(item: unknown): ListedAccount | string {
  const { id, cookie } = partsOf(item);
  const named = id === null || id === "" ? undefined : typeof id === "number" ? String(id) : id;
  if (named !== undefined && (typeof named !== "string" || !ID.test(named))) return `one with ${ID_FORM}`;
  const cookies = cookie === undefined ? undefined : readPaste(cookie);
  if (cookie === undefined || !cookies) return PASTE_FORMS;
  if (cookies.cookies.length === 0) return `one with a cookie that a browser takes: ${cookies.leftOut[0]?.reason}`;
  return { id: named, cookie };
}

function partsOf(item: unknown): { readonly id?: unknown; readonly cookie: string | undefined } {
  if (typeof item === "string") return { cookie: item };
  if (typeof item !== "object" || item === null) return { cookie: undefined };
  if (Array.isArray(item) || !("id" in item)) {
    return { cookie: "cookie" in item && typeof item.cookie === "string" ? item.cookie : JSON.stringify(item) };
  }
  const { id, ...rest } = item;
  const only = "cookie" in rest ? rest.cookie : undefined;
  return { id, cookie: typeof only === "string" ? only : JSON.stringify(rest) };
}
