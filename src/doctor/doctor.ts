import { BrowserSupervisor } from "../browser/browser-supervisor.ts";
import { browserSource } from "../browser/browser-source.ts";
import type { BrowserProvider } from "../browser/provider.ts";
import type { Config } from "../config/config.ts";
import { readPaste } from "../credentials/paste.ts";
import { pasteNotes } from "../credentials/paste-notes.ts";
import { createLog, Redaction } from "../observe/log.ts";
import { machineChecks } from "../process/machine-checks.ts";
import { sitesAt } from "../sites/catalog.ts";
import { StoreError } from "../store/store-error.ts";
import { openStoreAlone, type Store } from "../store/store.ts";
import { checkAccounts } from "./account-check.ts";
import { Report } from "./report.ts";
import { checkRunningAccounts } from "./running-gateway.ts";

/** The name of the check of STATE_DIR and of what is stored there. */
const STATE = "state";

/**
 * Tests each step that serving needs, prints a line for each, and says what to mend. It sends no prompt. For each account it
 * opens the site and asks whether the account is signed in; if a gateway runs already, it asks that gateway instead.
 */
export async function diagnose(
  config: Config,
  print: (line: string) => void,
  provider: BrowserProvider = browserSource(config),
): Promise<boolean> {
  const report = new Report(print);
  const sites = sitesAt(config.sites);
  const needs = { ...config.server, stateDir: config.store.stateDir, hasBrowsers: provider.isLocal };
  for (const { what, work } of machineChecks(needs)) {
    await report.check(what, work);
  }
  for (const warning of config.warnings) report.note(warning);
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  await using supervisor = new BrowserSupervisor(provider, log);
  await report.check("Chromium", async () => {
    const browser = await supervisor.browser();
    const { endpoint, protocol } = (await supervisor.logFields()) ?? {};
    const where = endpoint === undefined ? config.browser.browserPath : `at ${endpoint}, over ${nameOf(protocol)}`;
    return `${browser.version()} (${where}), ${sandboxOf(supervisor)}`;
  });
  for (const note of supervisor.notes) report.note(`Chromium: ${note}`);
  for (const { id, cookie, site } of config.accounts.list) {
    for (const note of pasteNotes(readPaste(cookie), sites.named(site))) report.note(`account ${id}: ${note}`);
  }
  const { store, isInUse } = await tryStore(config.store, report);
  await using _store = store;
  if (isInUse) await checkRunningAccounts(config, report);
  if (store && supervisor.isRunning) await checkAccounts(config, { sites, store: store.accounts, supervisor }, report);
  // An empty GPTOMNI_CREDENTIALS is among the warnings already.
  if (config.accounts.file !== undefined && config.accounts.list.length === 0) {
    report.note("no accounts: CREDENTIALS_FILE holds none");
  }
  return report.isHealthy;
}

interface OpenedStore {
  readonly store?: Store;
  /** A gateway that runs holds the store. */
  readonly isInUse: boolean;
}

/** Opens the store, unless its folder failed already: then there is nothing to open. */
async function tryStore(options: Config["store"], report: Report): Promise<OpenedStore> {
  if (report.hasFailed(STATE)) return { isInUse: false };
  try {
    return { store: await openStoreAlone(options), isInUse: false };
  } catch (cause) {
    if (cause instanceof StoreError && cause.code === "store_in_use") return { isInUse: true };
    report.fail(STATE, cause);
    return { isInUse: false };
  }
}

function nameOf(protocol: string | number | undefined): string {
  return protocol === "cdp" ? "its DevTools protocol" : "Playwright's protocol";
}

function sandboxOf({ confinement }: BrowserSupervisor): string {
  if (!confinement) return "sandbox unknown";
  const { isSandboxed, userId, reason = "" } = confinement;
  const user = userId === undefined ? "" : ` (as user ${userId}, since this is root)`;
  return isSandboxed ? `sandbox on${user}` : `sandbox OFF${user}: ${reason.split("\n", 1)[0]}`;
}
