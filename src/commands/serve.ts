import { currentAccounts, currentConfig, reloading } from "../accounts/reload.ts";
import type { Config } from "../config/config.ts";
import { obtainKeys, type Keys } from "../config/keys.ts";
import { openFileWarnings } from "../config/secret-file.ts";
import { secretsOfEndpoint } from "../credentials/browser-endpoint.ts";
import { secretsOf, type ConfiguredAccount } from "../credentials/configured-account.ts";
import { secretsOfProxy } from "../credentials/proxy.ts";
import { startGateway } from "../main.ts";
import type { GatewayKeys } from "../options.ts";
import { createLog, Redaction } from "../observe/log.ts";
import { Display } from "../process/display.ts";
import { usableFolder } from "../process/machine-checks.ts";
import { watchOutage } from "../process/outage.ts";
import { Shutdown } from "../process/shutdown.ts";
import { TempDir } from "../process/temp-dir.ts";
import { startWatchdog } from "../process/watchdog.ts";
import { placeOf, secretsOfDatabaseUrl } from "../store/postgres-url.ts";
import { obtainSecretKey } from "../store/secret-key.ts";
import { SharedSecrets } from "../store/shared-secrets.ts";

/**
 * After this time the process ends although a disposal hangs. A busy machine took more than 4 s to close ten pages in two browsers.
 * Together with the default of DRAIN_TIMEOUT_SECONDS it stays below the 150 s that containers and services give.
 */
const HARD_EXIT_MS = 15_000;

/** Shows where the gateway listens, and its keys. */
export type Greet = (url: string, keys: GatewayKeys) => void;

/** The gateway with the operator's settings and accounts. */
export async function serve(): Promise<void> {
  await serveUntilStopped(currentConfig());
}

/** Serves until the first signal to stop, then drains. The second signal ends the process at once. */
export async function serveUntilStopped(config: Config, greet?: Greet): Promise<void> {
  const stop = new Shutdown();
  const { tempDir, removedStale } = await TempDir.open();
  await using _tempDir = tempDir;
  const { stateDir } = config.store;
  await usableFolder("STATE_DIR", stateDir);
  const made = await keysOf(config);
  const keys = { api: made.api.value, admin: made.admin.value };
  const listed = await currentAccounts(config);
  const list = listed ?? [];
  const secretKey = (await obtainSecretKey(stateDir, config.store.secretKey)).toString();
  const redaction = new Redaction([
    secretKey,
    ...Object.values(keys),
    ...settingSecrets(config),
    ...accountSecrets(list),
  ]);
  const log = createLog({ ...config.log, redaction });
  stop.takeFailures(log);
  using _watchdog = startWatchdog();
  if (removedStale > 0) log.info({ count: removedStale }, "removed stale temporary directories");
  const openFiles = await openFileWarnings(config.secretPaths);
  for (const warning of [...config.warnings, ...made.api.warnings, ...made.admin.warnings, ...openFiles]) {
    log.warn(warning);
  }
  if (!listed && config.accounts.file !== undefined)
    log.warn("CREDENTIALS_FILE is empty: only accounts that the console added can answer");
  await using _display = await Display.open(config.browserEndpoint ? "headless" : config.browser.browserMode, log);
  const current = { ...config, accounts: { ...config.accounts, list }, store: { ...config.store, secretKey } };
  await using gateway = await startGateway(current, keys, log, { redaction });
  const apply = async (changed: readonly ConfiguredAccount[]): Promise<void> => {
    redaction.add(accountSecrets(changed));
    await gateway.setAccounts(changed);
  };
  using _reloading = reloading(config, stop, apply, log);
  using _outage = watchOutage(gateway.giveUpReason, log, stop.giveUp);
  const { maxOpenSessions } = gateway;
  log.info({ url: gateway.url, accounts: gateway.pool.states.length, maxOpenSessions }, "listening");
  if (greet) greet(gateway.url, keys);
  else showNew(made, { place: placeOfKeys(config), url: gateway.url });
  await stop.requested;
  log.info("stopping: running answers may finish");
  await Promise.race([gateway.drain(), stop.forced]);
  setTimeout(() => process.exit(1), HARD_EXIT_MS).unref();
}

/** With DATABASE_URL, keys that nobody set are the same on every replica. */
async function keysOf({ keys, store: { stateDir, secretKey, databaseUrl, directUrl } }: Config): Promise<Keys> {
  const settings = { apiKey: keys.api, adminKey: keys.admin, stateDir };
  const areSet = keys.api !== undefined && keys.admin !== undefined;
  if (areSet || databaseUrl === undefined || secretKey === undefined) return obtainKeys(settings);
  await using shared = await SharedSecrets.open({ databaseUrl, directUrl }, secretKey);
  return await obtainKeys(settings, shared);
}

/** Every secret among the settings, beside the keys that may be generated and the accounts. */
function settingSecrets({ keys, alerts, browserEndpoint, sessions: { proxy }, store }: Config): readonly string[] {
  return [
    ...[store.databaseUrl, store.directUrl].flatMap((url) => (url === undefined ? [] : secretsOfDatabaseUrl(url))),
    keys.metrics ?? "",
    ...keys.named.map(({ value }) => value),
    ...alerts.targets.flatMap(({ url, authorization = "" }) => [url.href, authorization]),
    ...(proxy ? secretsOfProxy(proxy) : []),
    ...(browserEndpoint ? secretsOfEndpoint(browserEndpoint) : []),
  ];
}

function accountSecrets(accounts: readonly ConfiguredAccount[]): readonly string[] {
  return accounts.flatMap(secretsOf);
}

function placeOfKeys({ store: { stateDir, databaseUrl } }: Config): string {
  return databaseUrl === undefined ? stateDir : placeOf(databaseUrl);
}

function showNew({ api, admin }: Keys, { place, url }: { readonly place: string; readonly url: string }): void {
  if (api.isNew) console.log(`API key (shown once, kept in ${place}): ${api.value}`);
  if (admin.isNew) console.log(`Admin key (shown once, kept in ${place}): ${admin.value}`);
  if (admin.isNew) console.log(`Sign in to the console with the admin key: ${reachable(url)}/console`);
}

/** A browser cannot open the address that stands for all of this machine's. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}
