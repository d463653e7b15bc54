import { ConfigError, type Config } from "./config/config.ts";
import { MASTER } from "./config/setting-checks.ts";
import { ConfiguredKeys } from "./http/api-keys.ts";
import { ModelCatalog } from "./http/model-catalog.ts";
import { OperatorAccess } from "./http/operator.ts";
import type { Sites } from "./sites/catalog.ts";
import { placeOf } from "./store/postgres-url.ts";
import { ContextLimit } from "./turn/context-limit.ts";

/** How much longer than a request's deadline its session stays leased. */
const LEASE_GRACE_MS = 5_000;
/** An account that sleeps is to be renewed before its operator is told that it will be signed out. */
const RENEWAL_HEAD_START_MS = 86_400_000;
/** Early failures keep their HTTP status this long; later, the shortest client and proxy limits (60 s) are in sight. */
const KEEP_ALIVE_AFTER_MS = 15_000;
const KEEP_ALIVE_EVERY_MS = 10_000;

export interface GatewayKeys {
  readonly api: string;
  readonly admin: string;
}

/**
 * The settings of each part of the gateway. A part gets a secret only if it uses it, so that no log line, error or dump of
 * another part can show it.
 * `capacity`: how many pages the browser provider has room for.
 */
export function optionsOf(
  config: Config,
  keys: GatewayKeys,
  { sites, capacity }: { readonly sites: Sites; readonly capacity: number },
) {
  const operator = new OperatorAccess(keys.admin, config.consoleSessions);
  const maxOpenSessions = config.maxOpenSessions === "auto" ? capacity : config.maxOpenSessions;
  return {
    browsers: { accountsPerBrowser: config.browser.accountsPerBrowser, maxOpenSessions },
    pool: {
      ...config.pool,
      maxOpenSessions,
      leaseLimitMs: config.limits.requestTimeoutMs + LEASE_GRACE_MS,
      expiresSoonMs: config.alerts.expiryMs,
      renewBeforeMs: config.alerts.expiryMs + RENEWAL_HEAD_START_MS,
    },
    routing: routingOf(config),
    sessions: config.sessions,
    liveViews: {
      allowedHosts: config.server.allowedHosts,
      sites,
      session: config.sessions,
    },
    records: config.records,
    alerts: config.alerts,
    views: {
      settings: config.inForce,
      queueLimit: config.pool.limit,
      maxOpenPages: maxOpenSessions,
      expiresSoonMs: config.alerts.expiryMs,
      operator,
    },
    places: { limits: config.answers },
    bundles: { ...config.bundles, stateDir: config.store.stateDir },
    store: config.store,
    cluster: clusterOf(config, maxOpenSessions),
    persistence: { keepRemovedMs: config.keepRemovedMs },
    api: {
      background: config.turns.background,
      backgroundPattern: config.turns.backgroundPattern,
      keepsTexts: config.records.keepsTexts,
      contextLimit: new ContextLimit({
        promptOf: (request) => sites.siteOf(request.model).promptOf(request),
        maxPromptCharactersOf: ({ model }) =>
          config.turns.maxPromptCharacters ?? sites.siteOf(model).maxPromptCharacters,
        overflow: config.turns.contextOverflow,
      }),
      models: catalogOf(config.models, sites.models),
      limits: { ...config.limits, keepAliveAfterMs: KEEP_ALIVE_AFTER_MS, keepAliveEveryMs: KEEP_ALIVE_EVERY_MS },
    },
    callers: new ConfiguredKeys([{ name: MASTER, value: keys.api }, ...config.keys.named], config.keyLimits),
    keyLimits: { defaultLimits: config.keyLimits },
    access: {
      operator,
      metricsKey: config.keys.metrics,
      allowedHosts: config.server.allowedHosts,
      corsOrigins: config.server.corsOrigins,
    },
  };
}

/** What replicas pass on to each other, and for how long. */
function routingOf({ pool: { timeoutMs }, limits: { maxBodyBytes }, sessions: { maxReplyBytes, rateLimit } }: Config) {
  return { timeoutMs, maxBodyBytes, maxReplyBytes, rateLimit };
}

/** Undefined without DATABASE_URL: then there are no other replicas. */
function clusterOf({ store, replica }: Config, maxOpenSessions: number) {
  const { databaseUrl, directUrl = databaseUrl, secretKey } = store;
  if (directUrl === undefined || secretKey === undefined) return undefined;
  const setting = store.directUrl === undefined ? "DATABASE_URL" : "DATABASE_DIRECT_URL";
  const database = { url: directUrl, place: placeOf(directUrl), setting } as const;
  return { database, secretKey, url: replica.url?.origin, port: replica.port, weight: maxOpenSessions };
}

/** @throws ConfigError that names every alias of a model that the site does not have. */
function catalogOf({ aliases, unknown }: Config["models"], models: readonly string[]): ModelCatalog {
  const wrong = [...aliases].filter(([, model]) => !models.includes(model)).map((pair) => pair.join("="));
  if (wrong.length === 0) return new ModelCatalog(models, { aliases, unknown });
  const expected = `names for ${models.join(", ")}`;
  throw new ConfigError(
    `Wrong settings:\n  MODEL_ALIASES: expected ${expected}, got ${JSON.stringify(wrong.join(" "))}`,
  );
}
