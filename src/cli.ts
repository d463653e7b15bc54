// oxlint-disable-next-line import/no-unassigned-import -- it must run before other modules are loaded
import "./process/driver-debug.ts";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ConfigError, loadConfig, type Config } from "./config.ts";
import { readCredentialsFile, watchCredentialsFile } from "./credentials-file.ts";
import type { Credential } from "./credentials.ts";
import { diagnose } from "./doctor.ts";
import { obtainKeys, type Keys } from "./keys.ts";
import { createLog, Redaction, type Log } from "./log.ts";
import { startGateway } from "./main.ts";
import { startWatchdog } from "./process/watchdog.ts";
import { Display } from "./process/display.ts";
import { usableFolder } from "./process/machine-checks.ts";
import { MachineError, systemFailure } from "./process/machine-error.ts";
import { watchOutage } from "./process/outage.ts";
import { Scratch } from "./scratch.ts";
import { Simulator } from "./simulator/simulator.ts";
import { Stop } from "./stop.ts";
import { StoreError } from "./store/store-error.ts";

/** How long a second signal or a stuck disposal may take before the process ends regardless. */
const HARD_EXIT_MS = 4_000;
/** How long what nobody reads of the log keeps the process at its end. */
const LOG_GRACE_MS = 1_000;
const DEMO_ACCOUNTS = ["alice", "bob", "carol"];

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { serve, demo, doctor };

async function serve(): Promise<void> {
  await run(loadConfig(environment()));
}

/** Says where it listens, and what opens it. */
type Greet = (url: string, keys: Readonly<Record<keyof Keys, string>>) => void;

/** The gateway in front of a simulated chat site: nothing leaves this machine. */
async function demo(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-demo-"));
  await using simulator = await Simulator.start();
  const credentials = DEMO_ACCOUNTS.map((id) => ({ id, cookie: simulator.addAccount(id) }));
  const config = loadConfig({
    PORT: process.env["PORT"],
    HOST: process.env["HOST"],
    BROWSER_PATH: process.env["BROWSER_PATH"],
    BROWSER_MODE: process.env["BROWSER_MODE"],
    LOG_LEVEL: process.env["LOG_LEVEL"] ?? "warn",
    API_MASTER_KEY: process.env["API_MASTER_KEY"],
    ADMIN_KEY: process.env["ADMIN_KEY"],
    GPTOMNI_ORIGIN: simulator.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify(credentials),
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
  const config = loadConfig(environment());
  const { scratch } = await Scratch.open();
  await using _scratch = scratch;
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  await using _display = await Display.open(config.browserMode, log);
  const isHealthy = await diagnose({ ...config, credentials: await credentialsOf(config) }, (line) =>
    console.log(line),
  );
  if (!isHealthy) process.exitCode = 1;
}

/** Serves until the first signal to end, then drains; the second one ends at once. */
async function run(config: Config, greet?: Greet): Promise<void> {
  const stop = new Stop();
  const { scratch, swept } = await Scratch.open();
  await using _scratch = scratch;
  await usableFolder("STATE_DIR", config.stateDir);
  const keys = await obtainKeys(config);
  const credentials = await credentialsOf(config);
  const values = { api: keys.api.value, admin: keys.admin.value };
  const furtherKeys = [config.metricsKey ?? "", ...config.apiKeys.map(({ value }) => value)];
  const redaction = new Redaction([...Object.values(values), ...furtherKeys, ...cookiesOf(credentials)]);
  const log = createLog({ level: config.logLevel, format: config.logFormat, redaction });
  stop.takeFailures(log);
  using _watchdog = startWatchdog();
  if (swept > 0) log.info({ swept }, "swept away what killed gateways had left");
  for (const warning of [...config.warnings, ...keys.api.warnings, ...keys.admin.warnings]) log.warn(warning);
  await using _display = await Display.open(config.browserMode, log);
  await using gateway = await startGateway({ ...config, credentials }, values, log);
  using _reloading = reloading(
    config,
    stop,
    async (list) => {
      redaction.add(cookiesOf(list));
      await gateway.setCredentials(list);
    },
    log,
  );
  using _outage = watchOutage(gateway.giveUpReason, log, stop.giveUp);
  const { maxOpenSessions } = config;
  log.info({ url: gateway.url, accounts: credentials.length, maxOpenSessions }, "gateway listens");
  if (greet) greet(gateway.url, values);
  else showNew(keys, config.stateDir);
  await stop.asked;
  log.info("stopping: running answers may finish");
  await Promise.race([gateway.drain(), stop.urged]);
  // Whatever hangs now does not keep the process.
  setTimeout(() => process.exit(1), HARD_EXIT_MS).unref();
}

/** The accounts as they stand now: in their file, else in the settings. */
async function credentialsOf({ credentialsFile, credentials }: Config): Promise<readonly Credential[]> {
  return credentialsFile === undefined ? credentials : readCredentialsFile(credentialsFile);
}

/** The environment, and what .env adds to it. */
function environment(): NodeJS.ProcessEnv {
  const fromFile = existsSync(".env") ? parseEnv(readFileSync(".env", "utf8")) : {};
  return { ...fromFile, ...process.env };
}

function cookiesOf(credentials: readonly Credential[]): string[] {
  return credentials.map(({ cookie }) => cookie);
}

/**
 * Takes a changed list of accounts in, when its file changes or on SIGHUP without a terminal. What is wrong leaves the old
 * one in force.
 */
function reloading(
  config: Config,
  { endsOnHangUp }: Stop,
  apply: (list: readonly Credential[]) => Promise<void>,
  log: Log,
): Disposable {
  const reload = async (): Promise<void> => {
    try {
      const list = await credentialsOf(loadConfig(environment()));
      await apply(list);
      log.info({ accounts: list.length }, "accounts reloaded");
    } catch (cause) {
      log.error({ reason: cause instanceof ConfigError ? cause.message : String(cause) }, "accounts not reloaded");
    }
  };
  const onHangUp = (): void => void reload();
  if (!endsOnHangUp) process.on("SIGHUP", onHangUp);
  const watch =
    config.credentialsFile === undefined ? undefined : watchCredentialsFile(config.credentialsFile, onHangUp);
  return {
    [Symbol.dispose]: () => {
      process.off("SIGHUP", onHangUp);
      watch?.[Symbol.dispose]();
    },
  };
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

  curl ${url}/admin/api/credentials -H 'Authorization: Bearer ${admin}'

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
