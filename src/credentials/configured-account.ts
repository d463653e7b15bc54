import { z } from "zod";
import { listAccounts } from "./account-list.ts";
import { readPaste } from "./paste.ts";
import { secretsOfProxy, type Proxy } from "./proxy.ts";

/** An account that the operator owns. */
export interface ConfiguredAccount {
  /** As given, else made from its sign-in: the same at each start, wherever it stands in the list. */
  readonly id: string;
  /** Its cookies as they were pasted, in any form that `readPaste` knows. */
  readonly cookie: string;
  /** Its own way out; undefined where it takes that of all. It is no part of who the account is. */
  readonly proxy?: Proxy | undefined;
  /** The name of its site; undefined for the default site. */
  readonly site?: string | undefined;
  /** Where it is configured: in the settings, unless told. */
  readonly source?: "settings" | "file" | undefined;
}

/** GPTOMNI_CREDENTIALS as a list; what has no id gets one when the site is known. */
export const accounts = z.string().transform((value, context) => {
  const { accounts: listed, problem } = listAccounts(value);
  if (problem === undefined) return listed;
  context.addIssue(problem);
  return z.NEVER;
});

/** What the log must never show of it. */
export function secretsOf({ cookie, proxy }: ConfiguredAccount): string[] {
  const { cookies, storage } = readPaste(cookie) ?? { cookies: [], storage: [] };
  const stored = storage.flatMap(({ localStorage }) => localStorage.map(({ value }) => value));
  return [cookie, ...cookies.map(({ value }) => value), ...stored, ...(proxy ? secretsOfProxy(proxy) : [])];
}
