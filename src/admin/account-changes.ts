import type { Request, RequestHandler, Response } from "express";
import { z } from "zod";
import { readProxy, type Proxy } from "../credentials/proxy.ts";
import { GatewayError } from "../errors.ts";
import { requestContextOf } from "../http/request-context.ts";
import { sendJson } from "../http/respond.ts";
import type { AccountDirectory, ShownResult } from "./account-directory.ts";
import type { ShownAccount } from "./account-schemas.ts";
import type { Audit, OperatorChange } from "./audit.ts";
import { bodyOf } from "./input.ts";

const MAX_CREDENTIAL_CHARACTERS = 1024 * 1024;

const credential = z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).meta({
  description:
    "A Cookie header with or without its name, a curl command, a cookies.txt, the JSON of a cookie export or of a storage state; as text, or as JSON itself.",
});
const accountId = z.string().meta({ description: "ASCII letters, digits and . _ @ -, 64 characters at most." });
const proxy = z
  .string()
  .nullable()
  .meta({ description: "As http://user:password@host:port; null for none of its own." });

const site = z.string().meta({ description: "The name of its site; the first site unless given." });

export const newAccountSchema = z.strictObject({
  id: accountId.optional(),
  credential,
  site: site.optional(),
  proxy: proxy.optional(),
});
export const changedAccountSchema = z.strictObject({
  id: accountId.optional(),
  credential: credential.optional(),
  proxy: proxy.optional(),
});
export const pastedSchema = z.strictObject({ credential, site: site.optional() });

export interface AccountChangeParts {
  readonly accounts: AccountDirectory;
  readonly audit: Audit;
}

/** `POST /admin/api/accounts` */
export function addAccount({ accounts, audit }: AccountChangeParts): RequestHandler {
  return async (request, response) => {
    const given = bodyOf(request, newAccountSchema);
    const way = given.proxy ? proxyOf(given.proxy) : undefined;
    const pasted = textOf(given.credential);
    const result = await accounts.add({ id: given.id, credential: pasted, proxy: way, site: given.site });
    record(audit, response, {
      kind: "account_added",
      account: result.account.id,
      before: null,
      after: audited(result.account),
    });
    sendJson(response, 201, shownChange(result));
  };
}

/** `POST /admin/api/accounts/preview` */
export function previewCredential({ accounts }: Pick<AccountChangeParts, "accounts">): RequestHandler {
  return (request, response) => {
    const given = bodyOf(request, pastedSchema);
    sendJson(response, 200, accounts.preview(textOf(given.credential), given.site));
  };
}

/** `PATCH /admin/api/accounts/{id}` */
export function changeAccount({ accounts, audit }: AccountChangeParts): RequestHandler {
  return async (request, response) => {
    const given = bodyOf(request, changedAccountSchema);
    if (Object.keys(given).length === 0) throw nothingToChange();
    const credentialText = given.credential === undefined ? undefined : textOf(given.credential);
    const way = given.proxy ? proxyOf(given.proxy) : given.proxy === undefined ? undefined : null;
    const change = { id: given.id, credential: credentialText, proxy: way };
    const result = await accounts.change(accountIdOf(request), change);
    const replaced = credentialText === undefined ? {} : { credential: "replaced" };
    const { account } = result;
    const after = { ...audited(account), ...replaced };
    record(audit, response, { kind: "account_changed", account: account.id, before: audited(result.before), after });
    sendJson(response, 200, shownChange(result));
  };
}

/** `DELETE /admin/api/accounts/{id}` */
export function removeAccount({ accounts, audit }: AccountChangeParts): RequestHandler {
  return async (request, response) => {
    const { before, account, effect } = await accounts.remove(accountIdOf(request));
    const { id } = account;
    record(audit, response, { kind: "account_removed", account: id, before: audited(before), after: null });
    sendJson(response, 200, { id, object: "account", deleted: true, effect });
  };
}

/** What the record of changes keeps of an account. */
export function audited(account: ShownAccount | null): object | null {
  if (!account) return null;
  const { id, state, source, proxy: way } = account;
  return { id, state, source, proxy: way };
}

/** Keeps what an operator did with an account. */
export function record(
  audit: Audit,
  response: Response,
  change: Pick<OperatorChange, "kind" | "before" | "after"> & { readonly account: string },
): void {
  audit({ actor: requestContextOf(response).actor, subject: change.account, ...change });
}

export function accountIdOf({ params }: Request): string {
  return String(params["id"]);
}

function shownChange({ account, effect, notes }: ShownResult): object {
  return { ...account, effect, notes };
}

/** @throws GatewayError `invalid_value` when it is longer than any credential. */
function textOf(given: z.infer<typeof credential>): string {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  if (text.length <= MAX_CREDENTIAL_CHARACTERS) return text;
  const message = `Invalid 'credential': expected at most ${MAX_CREDENTIAL_CHARACTERS} characters, found ${text.length}.`;
  throw new GatewayError("invalid_value", message, { param: "credential" });
}

/** @throws GatewayError `invalid_value` that does not quote it. */
function proxyOf(text: string): Proxy {
  const read = readProxy(text);
  if (typeof read !== "string") return read;
  throw new GatewayError("invalid_value", `Invalid 'proxy': expected ${read}.`, { param: "proxy" });
}

function nothingToChange(): GatewayError {
  return new GatewayError("missing_required_parameter", "Give what is to change: 'id', 'credential' or 'proxy'.");
}
