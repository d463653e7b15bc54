import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, loadConfig, type Config } from "./config.ts";
import { diagnose } from "./doctor.ts";
import { obtainApiKey } from "./keys.ts";
import { createLog } from "./log.ts";
import { startGateway } from "./main.ts";
import { Simulator } from "./simulator/simulator.ts";

/** How long a second signal or a stuck disposal may take before the process ends regardless. */
const HARD_EXIT_MS = 4_000;
const DEMO_ACCOUNTS = ["alice", "bob", "carol"];

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { serve, demo, doctor };

async function serve(): Promise<void> {
  if (existsSync(".env")) process.loadEnvFile(".env");
  await run(loadConfig(process.env));
}

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
    GPTOMNI_ORIGIN: simulator.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify(credentials),
    BROWSER_ARGS: simulator.browserArgs,
    RATE_LIMIT: "30/60s",
    STATE_DIR: stateDir,
  });
  console.log(`demo: simulated chat site at ${simulator.origin}, accounts ${DEMO_ACCOUNTS.join(", ")}`);
  try {
    await run(config, (url, apiKey) => console.log(demoGreeting(url, apiKey)));
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

async function doctor(): Promise<void> {
  if (existsSync(".env")) process.loadEnvFile(".env");
  const isHealthy = await diagnose(loadConfig(process.env), (line) => console.log(line));
  if (!isHealthy) process.exitCode = 1;
}

/** Serves until the first SIGTERM or SIGINT, then drains; the second one ends at once. */
async function run(config: Config, greet?: (url: string, apiKey: string) => void): Promise<void> {
  const stop = untilSignal();
  const apiKey = await obtainApiKey(config);
  const secrets = [apiKey.value, ...config.credentials.map(({ cookie }) => cookie)];
  const log = createLog({ level: config.logLevel, format: config.logFormat, secrets });
  for (const warning of [...config.warnings, ...apiKey.warnings]) log.warn(warning);
  await using gateway = await startGateway(config, apiKey.value, log);
  log.info({ url: gateway.url, accounts: config.credentials.length }, "gateway listens");
  if (greet) greet(gateway.url, apiKey.value);
  else if (apiKey.isNew) console.log(`API key (shown once, kept in ${config.stateDir}): ${apiKey.value}`);
  await stop.first;
  log.info("stopping: running answers may finish");
  await Promise.race([gateway.drain(), stop.second]);
  // Whatever hangs now does not keep the process.
  setTimeout(() => process.exit(1), HARD_EXIT_MS).unref();
}

function untilSignal(): { readonly first: Promise<void>; readonly second: Promise<void> } {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) first.resolve();
    else second.resolve();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return { first: first.promise, second: second.promise };
}

function demoGreeting(url: string, apiKey: string): string {
  return `
  Base URL   ${url}/v1
  API key    ${apiKey}

  curl -N ${url}/v1/chat/completions -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"model":"gptomni","stream":true,"messages":[{"role":"user","content":"Hello!"}]}'

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
    // Wrong settings are the user's to mend and need no stack.
    console.error(cause instanceof ConfigError ? cause.message : cause);
    process.exitCode = 1;
  }
}

await main();
