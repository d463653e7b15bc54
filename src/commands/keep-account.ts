import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AccountRoster } from "../accounts/account-roster.ts";
import type { Config } from "../config/config.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import { Redaction, type Log } from "../observe/log.ts";
import { MachineError } from "../process/machine-error.ts";
import { sitesAt } from "../sites/catalog.ts";
import { openStore } from "../store/store.ts";

const ANSWER_LIMIT_MS = 30_000;

export interface SignedIn {
  /** The account's id; made up if undefined. An account with it gets the new sign-in. */
  readonly id: string | undefined;
  readonly credential: string;
}

/** Stores the account while no gateway runs. Gives its id. @throws StoreError `store_in_use` while one does; GatewayError */
export async function keepInStore(
  { id, credential }: SignedIn,
  { store: options, sites, list }: Pick<Config, "store" | "sites"> & { readonly list: readonly ConfiguredAccount[] },
  log: Log,
): Promise<string> {
  await using store = await openStore(options);
  const manager = { apply: async () => {} };
  const parts = { manager, store: store.consoleAccounts, sites: sitesAt(sites), redaction: new Redaction(), log };
  const roster = new AccountRoster(parts);
  await roster.load();
  await roster.configure(list);
  const isKnown = id !== undefined && roster.find(id) !== undefined;
  const account = isKnown
    ? await roster.change(id, { credential })
    : await roster.add({ id, credential, proxy: undefined, site: undefined });
  return account.id;
}

/** Gives the account to the gateway that runs with this STATE_DIR. Gives its id. @throws MachineError that says why not. */
export async function keepInRunning(
  { id, credential }: SignedIn,
  { server: { host, port }, keys: { admin }, store: { stateDir } }: Pick<Config, "server" | "keys" | "store">,
): Promise<string> {
  const key = admin ?? (await readFile(join(stateDir, "admin-key"), "utf8")).trim();
  const name = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[host] ?? host;
  const url = `http://${name}:${port}/admin/api/accounts`;
  const ask = (method: "POST" | "PATCH", at: string, body: object): Promise<Response> =>
    fetch(at, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    }).catch((cause: unknown) => {
      const message = `A gateway uses this STATE_DIR, but does not answer at ${url}: stop it, or set HOST and PORT as it has them.`;
      throw new MachineError(message, { cause });
    });
  let response = await ask("POST", url, { ...(id !== undefined && { id }), credential });
  if (response.status === 409 && id !== undefined) {
    response = await ask("PATCH", `${url}/${encodeURIComponent(id)}`, { credential });
  }
  const answer = (await response.json()) as { readonly id?: string; readonly error?: { readonly message: string } };
  if (answer.id !== undefined) return answer.id;
  throw new MachineError(`The gateway at ${url} did not take the account: ${answer.error?.message ?? response.status}`);
}
