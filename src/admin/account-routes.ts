import type { ErrorCode } from "../errors.ts";
import type { Operation, Route } from "../http/route.ts";
import {
  addAccount,
  changeAccount,
  changedAccountSchema,
  newAccountSchema,
  pastedSchema,
  previewCredential,
  removeAccount,
  type AccountChangeParts,
} from "./account-changes.ts";
import {
  accountActionSchema,
  accountChangeSchema,
  accountDetailSchema,
  accountRemovalSchema,
  credentialPreviewSchema,
} from "./account-schemas.ts";
import { accountQuery, accountListSchema, actOnAccount, listAccounts, showAccount } from "./accounts.ts";
import type { Audit } from "./audit.ts";
import { readCredentialBody } from "./input.ts";
import type { Looks } from "./looks.ts";

export interface AccountRouteParts {
  readonly looks: Pick<Looks, "accounts" | "queue">;
  readonly audit: Audit;
}

type About = Omit<Operation, "tag">;

const EXAMPLE = { credential: "__Secure-next-auth.session-token=VALUE" };

/** What an operator sees of the accounts and does with them. */
export function accountRoutes({ looks, audit }: AccountRouteParts): Route[] {
  const parts = { accounts: looks.accounts, audit };
  return [...lookingRoutes(looks), ...changingRoutes(parts), ...actionRoutes(parts)];
}

function lookingRoutes(looks: AccountRouteParts["looks"]): Route[] {
  const list: About = {
    summary: "List the accounts, with why each is in its state",
    query: accountQuery,
    answer: accountListSchema,
    errors: ["invalid_value", "unknown_parameter"],
  };
  const preview: About = {
    summary: "Say what the gateway makes of a credential",
    request: pastedSchema,
    example: EXAMPLE,
    answer: credentialPreviewSchema,
  };
  const show = { summary: "Show an account and its last states", answer: accountDetailSchema, errors: UNKNOWN };
  return [
    admin("GET", "", list, [listAccounts(looks)]),
    admin("POST", "/preview", preview, [...readCredentialBody(), previewCredential(looks)]),
    admin("GET", "/:id", show, [showAccount(looks.accounts)]),
  ];
}

function changingRoutes(parts: AccountChangeParts): Route[] {
  const add: About = {
    summary: "Add an account",
    request: newAccountSchema,
    example: { id: "work", ...EXAMPLE },
    answer: accountChangeSchema,
    status: 201,
  };
  const change: About = {
    summary: "Rename an account, or replace its credential or proxy",
    request: changedAccountSchema,
    example: EXAMPLE,
    answer: accountChangeSchema,
  };
  const remove: About = {
    summary: "Remove an account",
    answer: accountRemovalSchema,
    errors: [...UNKNOWN, "account_not_editable", "replica_unavailable", "state_not_stored"],
  };
  return [
    admin("POST", "", add, [...readCredentialBody(), addAccount(parts)]),
    admin("PATCH", "/:id", change, [...readCredentialBody(), changeAccount(parts)]),
    admin("DELETE", "/:id", remove, [removeAccount(parts)]),
  ];
}

const UNKNOWN: readonly ErrorCode[] = ["account_not_found"];

function actionRoutes(parts: AccountChangeParts): Route[] {
  return [
    admin("POST", "/:id/disable", acting("Give an account no new requests"), [actOnAccount(parts, "disable")]),
    admin("POST", "/:id/enable", acting("Give a disabled account requests again"), [actOnAccount(parts, "enable")]),
    admin("POST", "/:id/check", acting("Have an account's sign-in checked now"), [actOnAccount(parts, "check")]),
    admin("POST", "/:id/recycle", acting("Open an account's page anew"), [actOnAccount(parts, "recycle")]),
  ];
}

function acting(summary: string): About {
  return { summary, answer: accountActionSchema, errors: [...UNKNOWN, "replica_unavailable"] };
}

function admin(method: Route["method"], path: string, operation: About, handlers: Route["handlers"]): Route {
  return {
    method,
    path: `/admin/api/accounts${path}`,
    audience: "admin",
    operation: { tag: "Gateway", ...operation },
    handlers,
  };
}
