// oxlint-disable-next-line import/no-unassigned-import -- it must run before other modules are loaded
import "./process/driver-debug.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentAccounts, currentConfig, reloading } from "./accounts/reload.ts";
import { ConfigError, loadConfig, type Config } from "./config/config.ts";
import { openFileWarnings } from "./config/secret-file.ts";
import { secretsOfProxy } from "./credentials/proxy.ts";
import { secretsOf } from "./credentials/configured-account.ts";
import { diagnose } from "./doctor/doctor.ts";
import { obtainKeys, type Keys } from "./config/keys.ts";
import { createLog, Redaction } from "./observe/log.ts";
import { startGateway } from "./main.ts";
import { startWatchdog } from "./process/watchdog.ts";
import { Display } from "./process/display.ts";
import { usableFolder } from "./process/machine-checks.ts";
import { MachineError, systemFailure } from "./process/machine-error.ts";
import { watchOutage } from "./process/outage.ts";
import { TempDir } from "./process/temp-dir.ts";
import { Simulator } from "./simulator/simulator.ts";
import { Shutdown } from "./process/shutdown.ts";
import { rotateSecretKey } from "./store/rotate-secret.ts";
import { obtainSecretKey } from "./store/secret-key.ts";
import { StoreError } from "./store/store-error.ts";

/** How long a second signal or a stuck disposal may take before the process ends regardless. */
const HARD_EXIT_MS = 4_000;
/** How long what nobody reads of the log keeps the process at its end. */
const LOG_GRACE_MS = 1_000;
const DEMO_ACCOUNTS = ["alice", "bob", "carol"];

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = {
  serve,
  demo,
  doctor,
  "rotate-secret": rotateSecret,
};

async function serve(): Promise<void> {
  await run(currentConfig());
}

/** Says where it listens, and what opens it. */
type Greet = (url: string, keys: Readonly<Record<keyof Keys, string>>) => void;

/** The gateway in front of a simulated chat site: nothing leaves this machine. */
async function demo(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-demo-"));
  await using simulator = await Simulator.start();
  const accounts = DEMO_ACCOUNTS.map((id) => ({ id, cookie: simulator.addAccount(id) }));
  const config = loadConfig({
    PORT: process.env["PORT"],
    HOST: process.env["HOST"],
    BROWSER_PATH: process.env["BROWSER_PATH"],
    BROWSER_MODE: process.env["BROWSER_MODE"],
    LOG_LEVEL: process.env["LOG_LEVEL"] ?? "warn",
    API_MASTER_KEY: process.env["API_MASTER_KEY"],
    ADMIN_KEY: process.env["ADMIN_KEY"],
    GPTOMNI_ORIGIN: simulator.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify(accounts),
    BROWSER_ARGS: simulator.browserArgs,
    RATE_LIMIT: "30/60s",
    STATE_DIR: stateDir,
  });
  console.log(`demo: simulated chat site at ${simulator.origin}, accounts ${DEMO_ACCOUNTS.join(", ")}`);
  try {
    await run(config, (url, keys) => console.log(demoGreeting(url, keys)));
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

async function doctor(): Promise<void> {
  const config = currentConfig();
  const { scratch } = await TempDir.open();
  await using _scratch = scratch;
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  await using _display = await Display.open(config.browserMode, log);
  const isHealthy = await diagnose({ ...config, accounts: (await currentAccounts(config)) ?? [] }, (line) =>
    console.log(line),
  );
  for (const warning of await openFileWarnings(config.secretPaths)) console.log(`note  ${warning}`);
  if (!isHealthy) process.exitCode = 1;
}

/** Seals what is stored with another SECRET_KEY, while no gateway runs. */
async function rotateSecret(): Promise<void> {
  const { stateDir, secretKey: configured } = currentConfig();
  await rotateSecretKey({ stateDir, configured, next: process.env["NEW_SECRET_KEY"] || undefined });
  console.log(`${stateDir} is sealed with the new key${configured === undefined ? "" : ": set SECRET_KEY to it"}`);
}

/** Serves until the first signal to end, then drains; the second one ends at once. */
async function run(config: Config, greet?: Greet): Promise<void> {
  const stop = new Shutdown();
  const { scratch, swept } = await TempDir.open();
  await using _scratch = scratch;
  await usableFolder("STATE_DIR", config.stateDir);
  const keys = await obtainKeys(config);
  const list = await currentAccounts(config);
  const accounts = list ?? [];
  const secretKey = (await obtainSecretKey(config.stateDir, config.secretKey)).toString();
  const values = { api: keys.api.value, admin: keys.admin.value };
  const furtherKeys = [config.metricsKey ?? "", ...config.apiKeys.map(({ value }) => value)];
  const { url: alertUrl, authorization = "" } = config.alertUrl ?? {};
  const redaction = new Redaction([
    ...Object.values(values),
    ...furtherKeys,
    secretKey,
    alertUrl?.href ?? "",
    authorization,
    ...(config.proxy ? secretsOfProxy(config.proxy) : []),
    ...accounts.flatMap(secretsOf),
  ]);
  const log = createLog({ level: config.logLevel, format: config.logFormat, redaction });
  stop.takeFailures(log);
  using _watchdog = startWatchdog();
  if (swept > 0) log.info({ swept }, "swept away what killed gateways had left");
  const openFiles = await openFileWarnings(config.secretPaths);
  for (const warning of [...config.warnings, ...keys.api.warnings, ...keys.admin.warnings, ...openFiles]) {
    log.warn(warning);
  }
  if (!list && config.accountsFile !== undefined) log.warn("CREDENTIALS_FILE is empty: no request can be answered");
  await using _display = await Display.open(config.browserMode, log);
  await using gateway = await startGateway({ ...config, accounts, secretKey }, values, log, { redaction });
  using _reloading = reloading(
    config,
    stop,
    async (changed) => {
      redaction.add(changed.flatMap(secretsOf));
      await gateway.setAccounts(changed);
    },
    log,
  );
  using _outage = watchOutage(gateway.giveUpReason, log, stop.giveUp);
  const { maxOpenSessions } = config;
  log.info({ url: gateway.url, accounts: accounts.length, maxOpenSessions }, "gateway listens");
  if (greet) greet(gateway.url, values);
  else showNew(keys, config.stateDir);
  await stop.requested;
  log.info("stopping: running answers may finish");
  await Promise.race([gateway.drain(), stop.forced]);
  // Whatever hangs now does not keep the process.
  setTimeout(() => process.exit(1), HARD_EXIT_MS).unref();
}

function showNew({ api, admin }: Keys, stateDir: string): void {
  if (api.isNew) console.log(`API key (shown once, kept in ${stateDir}): ${api.value}`);
  if (admin.isNew) console.log(`Admin key (likewise): ${admin.value}`);
}

function demoGreeting(url: string, { api, admin }: Parameters<Greet>[1]): string {
  return `
  Base URL   ${url}/v1
  API key    ${api}
  Admin key  ${admin}

  curl -N ${url}/v1/chat/completions -H 'Authorization: Bearer ${api}' -H 'Content-Type: application/json' \\
    -d '{"model":"gptomni","stream":true,"messages":[{"role":"user","content":"Hello!"}]}'

  A message can tell the simulated model what to do: [[call TOOL {"argument":"value"}]] [[say TEXT]].

  curl ${url}/admin/api/accounts -H 'Authorization: Bearer ${admin}'

  Ctrl-C ends it.
`;
}

async function main(): Promise<void> {
  const name = process.argv[2] ?? "serve";
  const command = COMMANDS[name];
  if (!command) {
    console.error(`Unknown command "${name}". It is one of: ${Object.keys(COMMANDS).join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  try {
    await command();
  } catch (cause) {
    // Wrong settings, a machine that lacks something and damaged state are the user's to mend and need no stack.
    const isPlain = cause instanceof ConfigError || cause instanceof MachineError || cause instanceof StoreError;
    console.error(isPlain ? cause.message : (systemFailure(cause) ?? cause));
    process.exitCode = 1;
  }
  setTimeout(() => process.exit(), LOG_GRACE_MS).unref();
}

await main();
