import { identify } from "../credentials/account-identity.ts";
import { sitesAt, type SiteOrigins } from "../sites/catalog.ts";
import type { EnvFile } from "./env-file.ts";
import { problemsOf, warningsOf } from "./setting-checks.ts";
import { readSettings, type Environment, type SettingName, type Values } from "./setting-values.ts";

/** Tells every wrong setting at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export interface ConfigSource {
  /** The environment file that is read beside the environment. */
  readonly file?: EnvFile & { readonly path: string };
}

export type Config = ReturnType<typeof loadConfig>;

/**
 * Reads every setting, the environment before the file. The settings come in slices, one for each part of the gateway: a
 * secret is only in the slices of the parts that use it.
 * @throws ConfigError that names every wrong setting.
 */
export function loadConfig(environment: Environment, { file }: ConfigSource = {}) {
  const { values, problems, warnings, secretPaths, digests, inForce } = readSettings(environment, file);
  const { accounts, problem } = accountsOf(values);
  const all = [
    ...problems,
    ...(problem === undefined ? [] : [`GPTOMNI_CREDENTIALS: expected ${problem}`]),
    ...problemsOf(values),
  ];
  if (all.length > 0) throw new ConfigError(`Wrong settings:\n${all.map((line) => `  ${line}`).join("\n")}`);
  return {
    ...requestSlices(values),
    ...accountSlices(values),
    log: { level: present(values, "LOG_LEVEL"), format: present(values, "LOG_FORMAT") },
    accounts: {
      list: accounts,
      /** False when GPTOMNI_CREDENTIALS is not set, which is not the same as an empty list. */
      isListGiven: values.GPTOMNI_CREDENTIALS !== undefined,
      file: values.CREDENTIALS_FILE,
    },
    secretPaths,
    digests,
    inForce,
    warnings: [...warnings, ...warningsOf(values)],
  } as const;
}

/** Where each site is; undefined if one of the settings is wrong. A new site gets its setting here. */
function originsOf({ GPTOMNI_ORIGIN: gptomni }: Values): SiteOrigins | undefined {
  return gptomni && { gptomni };
}

function accountsOf(values: Values): ReturnType<typeof identify> {
  const origins = originsOf(values);
  return origins ? identify(values.GPTOMNI_CREDENTIALS ?? [], sitesAt(origins)) : { accounts: [] };
}

/** The value of a setting with a default: it cannot be absent, and a wrong one was refused. */
function present<Name extends SettingName>(values: Values, name: Name): NonNullable<Values[Name]> {
  return values[name] as NonNullable<Values[Name]>;
}

/** What concerns callers and their requests. */
function requestSlices(values: Values) {
  const get = <Name extends SettingName>(name: Name) => present(values, name);
  return {
    /** Where it listens, and who may reach it from where. */
    server: {
      host: get("HOST"),
      port: get("PORT"),
      corsOrigins: get("CORS_ORIGINS"),
      allowedHosts: get("ALLOWED_HOSTS"),
    },
    keys: {
      api: values.API_MASTER_KEY,
      named: get("API_KEYS"),
      admin: values.ADMIN_KEY,
      metrics: values.METRICS_KEY,
    },
    /** Of each key that has no limits of its own. */
    keyLimits: get("KEY_RATE_LIMIT"),
    /** What a request may ask for, and for how long. */
    limits: {
      requestTimeoutMs: get("API_REQUEST_TIMEOUT"),
      maxBodyBytes: get("MAX_BODY_BYTES"),
      maxChoices: get("MAX_CHOICES"),
    },
    /** How a conversation becomes a turn of the site's model. */
    turns: {
      maxPromptCharacters: values.MAX_PROMPT_CHARACTERS,
      contextOverflow: get("CONTEXT_OVERFLOW"),
      background: get("BACKGROUND"),
      backgroundPattern: values.BACKGROUND_PATTERN,
    },
    models: { aliases: get("MODEL_ALIASES"), unknown: get("UNKNOWN_MODELS") },
    /** How long a site may be silent. */
    answers: {
      firstPartTimeoutMs: get("FIRST_BYTE_TIMEOUT_SECONDS"),
      gapTimeoutMs: get("IDLE_TIMEOUT_SECONDS"),
    },
    shutdown: {
      drainTimeoutMs: get("DRAIN_TIMEOUT_SECONDS"),
      browserOutageLimitMs: get("BROWSER_OUTAGE_LIMIT_SECONDS"),
    },
  } as const;
}

/** What concerns the accounts, their browsers and what is stored of them. */
function accountSlices(values: Values) {
  const get = <Name extends SettingName>(name: Name) => present(values, name);
  return {
    sites: originsOf(values) as SiteOrigins,
    pool: {
      limit: get("QUEUE_LIMIT"),
      timeoutMs: values.QUEUE_TIMEOUT_SECONDS ?? get("API_REQUEST_TIMEOUT"),
      openRate: values.OPEN_RATE,
      hibernateAfterMs: get("HIBERNATE_AFTER_SECONDS"),
      probeAfterMs: get("PROBE_AFTER_SECONDS"),
    },
    /** One account in the browser. */
    sessions: {
      rateLimit: values.RATE_LIMIT,
      challengeTimeoutMs: get("CHALLENGE_TIMEOUT_SECONDS"),
      maxReplyBytes: get("MAX_REPLY_BYTES"),
      renewAfterRequests: get("RENEW_AFTER_REQUESTS"),
      proxy: values.PROXY_URL,
    },
    browser: {
      browserMode: get("BROWSER_MODE"),
      browserPath: get("BROWSER_PATH"),
      browserArgs: get("BROWSER_ARGS"),
      requireSandbox: get("REQUIRE_SANDBOX"),
      stealth: get("STEALTH"),
      accountsPerBrowser: get("CREDENTIALS_PER_BROWSER"),
    },
    /** Where browsers run; undefined for this machine. */
    browserEndpoint: values.BROWSER_ENDPOINT,
    /** The command that gives browsers to gateways. */
    browserServer: { token: values.BROWSER_SERVER_TOKEN },
    /** `auto`: as many as fit into the machine's memory. */
    maxOpenSessions: get("MAX_OPEN_SESSIONS"),
    store: {
      stateDir: get("STATE_DIR"),
      secretKey: values.SECRET_KEY,
      databaseUrl: values.DATABASE_URL,
      directUrl: values.DATABASE_DIRECT_URL,
    },
    replica: { url: values.REPLICA_URL, port: get("REPLICA_PORT") },
    bundles: {
      count: get("FAILURE_BUNDLES"),
      bytes: get("MAX_BUNDLE_BYTES"),
      ageMs: get("KEEP_BUNDLES_DAYS"),
    },
    keepRemovedMs: get("KEEP_REMOVED_DAYS"),
    consoleSessions: { idleMs: get("CONSOLE_IDLE_SECONDS") },
    records: {
      keepRequestsMs: get("KEEP_REQUESTS_DAYS"),
      maxRequests: get("MAX_KEPT_REQUESTS"),
      keepUsageMs: get("KEEP_USAGE_DAYS"),
      keepsTexts: get("LOG_PROMPTS"),
    },
    alerts: {
      targets: values.ALERT_URL ?? [],
      quietHours: values.ALERT_QUIET_HOURS,
      expiryMs: get("ALERT_EXPIRY_DAYS"),
    },
  } as const;
}
