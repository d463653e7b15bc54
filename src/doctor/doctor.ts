import { stripVTControlCharacters } from "node:util";
import { checkAccount } from "./account-check.ts";
import { pasteNotes } from "../credentials/paste-notes.ts";
import { askRunningGateway } from "./running-gateway.ts";
import { BrowserSupervisor } from "../browser/browser-supervisor.ts";
import { Session } from "../browser/session.ts";
import type { AuthCookies } from "../browser/auth-cookies.ts";
import type { Config } from "../config/config.ts";
import { GatewayError } from "../errors.ts";
import { createLog, Redaction } from "../observe/log.ts";
import { machineChecks } from "../process/machine-checks.ts";
import { MachineError } from "../process/machine-error.ts";
import type { Site } from "../sites/site.ts";
import { gptomni } from "../sites/gptomni.ts";
import { AccountStore } from "../store/account-store.ts";
import { obtainSecretKey } from "../store/secret-key.ts";
import { StoreError } from "../store/store-error.ts";

/** States in which an account waits for a person. */
const NEEDS_PERSON: ReadonlySet<string> = new Set(["expired", "needs_attention"]);

/** Prints one line on how the work went, and gives whether it went well. */
type Check = (what: string, work: () => Promise<string>) => Promise<boolean>;

const MAX_QUOTED_LINES = 6;

/**
 * Tries each step that serving needs, one line each, and says what to mend. Sends no prompt: it opens the site and asks
 * whether each account is signed in, with what is stored of it, or asks the gateway that runs already.
 */
export async function diagnose(config: Config, print: (line: string) => void): Promise<boolean> {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const site = gptomni(config.origin);
  const failed = new Set<string>();
  const check: Check = async (what, work) => {
    try {
      print(`ok    ${what}: ${await work()}`);
      return true;
    } catch (cause) {
      failed.add(what);
      for (const line of linesOf(cause)) print(`FAIL  ${what}: ${line}`);
      return false;
    }
  };
  const lacking = new Set<string>();
  for (const { what, work } of machineChecks(config)) {
    if (!(await check(what, work))) lacking.add(what);
  }
  for (const warning of config.warnings) print(`note  ${warning}`);
  await using host = new BrowserSupervisor(config, log);
  await check("Chromium", async () => {
    const browser = await host.browser();
    return `${browser.version()} (${config.browserPath}), ${sandboxOf(host)}`;
  });
  for (const { id, cookie } of config.accounts) {
    for (const note of pasteNotes(cookie, site)) print(`note  account ${id}: ${note}`);
  }
  let store: AccountStore | undefined;
  let isRunning = false;
  try {
    // Without its folder there is nothing to open, and that is said already.
    if (!failed.has("state")) {
      store = await AccountStore.open(config.stateDir, await obtainSecretKey(config.stateDir, config.secretKey));
    }
  } catch (cause) {
    isRunning = cause instanceof StoreError && cause.code === "store_in_use";
    if (!isRunning && !lacking.has("state")) await check("state", () => Promise.reject(cause));
  }
  await using _store = store;
  if (isRunning) await checkRunning(config, check, print);
  if (store && host.isRunning) await checkAccounts(config, { site, store, host }, check);
  // An empty GPTOMNI_CREDENTIALS is among the warnings already.
  if (config.accountsFile !== undefined && config.accounts.length === 0) {
    print("note  no accounts: CREDENTIALS_FILE holds none");
  }
  return failed.size === 0;
}

/** What to do about it, and what the browser or the system said. */
function linesOf(failure: unknown): readonly string[] {
  if (failure instanceof MachineError || failure instanceof StoreError) return [failure.message];
  const { message, cause } = GatewayError.from(failure);
  if (!(cause instanceof Error)) return [message];
  // Playwright repeats what the browser said, in its log's colours and with the process's number before it.
  const said = stripVTControlCharacters(cause.message)
    .split("\n")
    .map((line) => line.replace(/^.*?\[err\] /, "").trim());
  const lines = new Set(said.filter((line) => line !== "" && line !== message));
  return [message, ...[...lines].slice(0, MAX_QUOTED_LINES).map((line) => `  ${line}`)];
}

interface Tools {
  readonly site: Site;
  readonly store: AccountStore;
  readonly host: BrowserSupervisor;
}

async function checkAccounts(config: Config, { site, store, host }: Tools, check: Check): Promise<void> {
  for (const account of config.accounts) {
    const proxy = account.proxy ?? config.proxy;
    const through = proxy ? `, through ${proxy.server}` : "";
    const open = async (signIn: AuthCookies): Promise<void> => {
      await using session = new Session(host, signIn, { site, ...config, proxy });
      await session.open(new AbortController().signal);
    };
    await check(`account ${account.id}`, async () => {
      const startedAt = performance.now();
      await checkAccount(account, { site, store, open });
      return `signed in at ${config.origin.host}, page open in ${Math.round(performance.now() - startedAt)} ms${through}`;
    });
  }
}

/** A token may hold once, so nobody signs in beside a gateway that runs. */
async function checkRunning(config: Config, check: Check, print: (line: string) => void): Promise<void> {
  const accounts = await askRunningGateway(config);
  if (!accounts) {
    print(
      "note  a gateway runs with this STATE_DIR, so no account is tried; its /admin/api/accounts tells how they do",
    );
    return;
  }
  print("note  a gateway runs with this STATE_DIR: it was asked in place of the site");
  for (const { id, state, reason } of accounts) {
    await check(`account ${id}`, async () => {
      if (NEEDS_PERSON.has(state)) throw new GatewayError("account_signed_out", `${state}: ${reason}`);
      return `${state}: ${reason}`;
    });
  }
}

function sandboxOf({ confinement }: BrowserSupervisor): string {
  const { isSandboxed = false, userId, reason = "" } = confinement ?? {};
  const user = userId === undefined ? "" : ` (as user ${userId}, since this is root)`;
  return isSandboxed ? `sandbox on${user}` : `sandbox OFF${user}: ${reason.split("\n", 1)[0]}`;
}
