import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Alerts } from "./accounts/alerts.ts";
import { BrowserFleet } from "./browser/browser-fleet.ts";
import { ConfigError, MASTER, type Config } from "./config/config.ts";
import type { ConfiguredAccount } from "./credentials/configured-account.ts";
import { Gateway } from "./gateway.ts";
import { createApp } from "./http/app.ts";
import { ModelCatalog } from "./http/model-catalog.ts";
import { createHttpServer, flushResponses } from "./http/server.ts";
import { Redaction, type Log } from "./observe/log.ts";
import { MemoryPressure } from "./process/memory-pressure.ts";
import { Metrics } from "./observe/metrics.ts";
import { SessionPool } from "./pool/session-pool.ts";
import { listenFailure } from "./process/listen-failure.ts";
import { usableFolder } from "./process/machine-checks.ts";
import { giveUpReason } from "./process/outage.ts";
import { AccountManager } from "./accounts/account-manager.ts";
import { AccountPersistence } from "./accounts/account-persistence.ts";
import type { Site } from "./sites/site.ts";
import { gptomni } from "./sites/gptomni.ts";
import { ContextLimit } from "./turn/context-limit.ts";
import { AccountStore } from "./store/account-store.ts";
import { obtainSecretKey } from "./store/secret-key.ts";

/** Beyond a request's own deadline, before its session is taken back. */
const LEASE_GRACE_MS = 5_000;
/** Early failures keep their HTTP status this long; later, the shortest client and proxy limits (60 s) are in sight. */
const KEEP_ALIVE_AFTER_MS = 15_000;
const KEEP_ALIVE_EVERY_MS = 10_000;

export interface RunningGateway extends AsyncDisposable {
  /** Where it listens, without a path. */
  readonly url: string;
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  /** Puts a new list of accounts in force; streams of those that stay are untouched. */
  setAccounts(accounts: readonly ConfiguredAccount[]): Promise<void>;
  /** Admits nobody any more and lets running answers finish, no longer than the drain timeout. */
  drain(): Promise<void>;
  /** Why the process is of no use any more; undefined while it is. */
  readonly giveUpReason: () => string | undefined;
}

export interface GatewayParts {
  readonly memory?: MemoryPressure;
  /** What the log leaves out; learns each token that a site hands out. */
  readonly redaction?: Redaction;
}

/** The composition root: config → browser → pool → gateway → server. Disposing stops it all in reverse. */
export async function startGateway(
  config: Config,
  keys: { readonly api: string; readonly admin: string },
  log: Log,
  { memory = new MemoryPressure(), redaction = new Redaction() }: GatewayParts = {},
): Promise<RunningGateway> {
  await using started = new AsyncDisposableStack();
  const site = gptomni(config.origin);
  const browsers = started.use(new BrowserFleet(config, log));
  const states = started.use(await openStates(config, log));
  const pool = started.use(poolOf(config, memory, log));
  const alerts = new Alerts(config.alertUrl, log);
  const options = { ...config, site };
  const roster = new AccountManager({ pool, browsers, states, options, alerts, log, redaction });
  const gateway = new Gateway(pool, site, {
    firstPartTimeoutMs: config.firstByteTimeoutMs,
    gapTimeoutMs: config.idleTimeoutMs,
  });
  const app = createApp({
    ...callersParts(config, site),
    gateway,
    apiKeys: [{ name: MASTER, value: keys.api }, ...config.apiKeys],
    adminKey: keys.admin,
    readiness: () => ({ ...pool.readiness, warnings: warningsOf(states) }),
    giveUpReason: () => giveUpReason(browsers.outage, config.browserOutageLimitMs),
    accounts: () => pool.states,
    queue: () => pool.queue,
    metrics: metricsOf(pool, browsers, states),
    log,
  });
  const leaving = new AbortController();
  const server = createHttpServer(app, leaving.signal);
  started.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = await listen(server, config);
  await roster.apply(config.accounts);
  const stack = started.move();
  return {
    url,
    pool,
    browsers,
    giveUpReason: () => giveUpReason(browsers.outage, config.browserOutageLimitMs),
    setAccounts: (accounts) => roster.apply(accounts),
    drain: async () => {
      leaving.abort();
      await pool.drain(AbortSignal.timeout(config.drainTimeoutMs));
      await flushResponses(server);
      await states.flush();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** @throws ConfigError that names every alias for what is no model of the site's. */
function catalogOf({ modelAliases: aliases, unknownModels: unknown }: Config, models: readonly string[]): ModelCatalog {
  const wrong = [...aliases].filter(([, model]) => !models.includes(model)).map((pair) => pair.join("="));
  if (wrong.length === 0) return new ModelCatalog(models, { aliases, unknown });
  const expected = `names for ${models.join(", ")}`;
  throw new ConfigError(
    `Wrong settings:\n  MODEL_ALIASES: expected ${expected}, got ${JSON.stringify(wrong.join(" "))}`,
  );
}

/** What the settings and the site say of requests. */
function callersParts(config: Config, site: Site) {
  return {
    models: catalogOf(config, site.models),
    contextLimit: new ContextLimit({
      promptOf: (request) => site.promptOf(request),
      maxPromptCharacters: config.maxPromptCharacters ?? site.maxPromptCharacters,
      overflow: config.contextOverflow,
    }),
    background: config.background,
    backgroundPattern: config.backgroundPattern,
    metricsKey: config.metricsKey,
    allowedHosts: config.allowedHosts,
    corsOrigins: config.corsOrigins,
    limits: { ...config, keepAliveAfterMs: KEEP_ALIVE_AFTER_MS, keepAliveEveryMs: KEEP_ALIVE_EVERY_MS },
  };
}

async function openStates(config: Config, log: Log): Promise<AccountPersistence> {
  const secretKey = await obtainSecretKey(config.stateDir, config.secretKey);
  return new AccountPersistence(await AccountStore.open(config.stateDir, secretKey), log, {
    keepRemovedMs: config.keepRemovedMs,
    tryWriting: () => usableFolder("STATE_DIR", config.stateDir),
  });
}

/** What does not keep the gateway from serving, and needs an operator. */
function warningsOf({ problem }: AccountPersistence): readonly string[] {
  return problem === undefined ? [] : [`what is new of the accounts is not stored: ${problem}`];
}

function metricsOf(pool: SessionPool, browsers: BrowserFleet, states: AccountPersistence): Metrics {
  return new Metrics({
    accounts: () => pool.states,
    queue: () => pool.queue,
    openPages: () => pool.openPages,
    browserStarts: () => browsers.starts,
    browsers: (isSandboxed) => browsers.running({ isSandboxed }),
    sessionFailures: () => pool.sessionFailures,
    isStateStored: () => states.problem === undefined,
  });
}

function poolOf(config: Config, memory: MemoryPressure, log: Log): SessionPool {
  const { queueLimit, queueTimeoutMs, requestTimeoutMs, ...rest } = config;
  const limits = { limit: queueLimit, timeoutMs: queueTimeoutMs, leaseLimitMs: requestTimeoutMs + LEASE_GRACE_MS };
  return new SessionPool({ ...rest, ...limits, memory }, log);
}

/** @throws ConfigError that says which address is taken or forbidden. */
async function listen(server: Server, { host, port }: Pick<Config, "host" | "port">): Promise<string> {
  server.listen(port, host);
  await once(server, "listening").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(listenFailure({ host, port }, cause), { cause });
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}
