import { z } from "zod";
import { listAccounts } from "./account-list.ts";
import { readPaste } from "./paste.ts";
import { secretsOfProxy, type Proxy } from "./proxy.ts";

/** An account that the operator owns. */
export interface ConfiguredAccount {
  /** As given, or else made from its sign-in: the same at each start and at each position in the list. */
  readonly id: string;
  /** Its cookies as the operator pasted them, in any form that `readPaste` knows. */
  readonly cookie: string;
  /** Its proxy; undefined when it uses the proxy of all accounts. Another proxy does not make it another account. */
  readonly proxy?: Proxy | undefined;
  /** The name of its site; undefined for the default site. */
  readonly site?: string | undefined;
  /** Where it comes from: from the settings, unless told. */
  readonly source?: "settings" | "file" | "console" | undefined;
}

/** GPTOMNI_CREDENTIALS as a list. Accounts without an id get one as soon as the site is known. */
export const accounts = z.string().transform((value, context) => {
  const { accounts: listed, problem } = listAccounts(value);
  if (problem === undefined) return listed;
  context.addIssue(problem);
  return z.NEVER;
});

/** What the log must never show of the account. */
export function secretsOf({ cookie, proxy }: ConfiguredAccount): string[] {
  const { cookies, storage } = readPaste(cookie) ?? { cookies: [], storage: [] };
  const stored = storage.flatMap(({ localStorage }) => localStorage.map(({ value }) => value));
  return [cookie, ...cookies.map(({ value }) => value), ...stored, ...(proxy ? secretsOfProxy(proxy) : [])];
}
