import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** Tells every wrong setting at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const MIN_KEY_CHARACTERS = 16;
/** What API_MASTER_KEY is called where keys are told apart. */
export const MASTER = "master";

type Settings = typeof SETTINGS;
type SettingName = keyof Settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
type Values = { readonly [Name in SettingName]: ValueOf<Settings[Name]> | undefined };

/** Reads every setting. @throws ConfigError that names every wrong one. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>) {
  const problems: string[] = [];
  const read = <Name extends SettingName>(name: Name): ValueOf<Settings[Name]> | undefined => {
    const row: Setting<unknown> = SETTINGS[name];
    // An empty variable is how compose files say "not set".
    const given = env[name] || undefined;
    const value = given ?? row.default;
    if (value === undefined) return undefined;
    const result = row.parse.safeParse(value);
    if (result.success) return result.data as ValueOf<Settings[Name]>;
    const shown = row.isSecret ? "something else" : JSON.stringify(value.slice(0, 80));
    problems.push(`${name}: expected ${result.error.issues[0]?.message ?? row.doc}, got ${shown}`);
    return undefined;
  };
  const values = Object.fromEntries(
    (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, read(name)]),
  ) as Values;
  problems.push(...keyProblems(values), ...sourceProblems(values));
  if (problems.length > 0) throw new ConfigError(`Wrong settings:\n${problems.map((line) => `  ${line}`).join("\n")}`);
  return toConfig(values);
}

export type Config = ReturnType<typeof toConfig>;

function toConfig(values: Values) {
  // Present, since each has a default or was refused above.
  const get = <Name extends SettingName>(name: Name): ValueOf<Settings[Name]> =>
    values[name] as ValueOf<Settings[Name]>;
  return {
    credentials: values.GPTOMNI_CREDENTIALS ?? [],
    apiKey: values.API_MASTER_KEY,
    apiKeys: get("API_KEYS"),
    adminKey: values.ADMIN_KEY,
    metricsKey: values.METRICS_KEY,
    requestTimeoutMs: get("API_REQUEST_TIMEOUT"),
    host: get("HOST"),
    port: get("PORT"),
    credentialsFile: values.CREDENTIALS_FILE,
    secretKey: values.SECRET_KEY,
    alertUrl: values.ALERT_URL,
    stateDir: get("STATE_DIR"),
    origin: get("GPTOMNI_ORIGIN"),
    rateLimit: values.RATE_LIMIT,
    queueLimit: get("QUEUE_LIMIT"),
    queueTimeoutMs: get("QUEUE_TIMEOUT_SECONDS"),
    firstByteTimeoutMs: get("FIRST_BYTE_TIMEOUT_SECONDS"),
    idleTimeoutMs: get("IDLE_TIMEOUT_SECONDS"),
    challengeTimeoutMs: get("CHALLENGE_TIMEOUT_SECONDS"),
    drainTimeoutMs: get("DRAIN_TIMEOUT_SECONDS"),
    backgroundPattern: get("BACKGROUND_PATTERN"),
    maxOpenSessions: get("MAX_OPEN_SESSIONS"),
    hibernateAfterMs: get("HIBERNATE_AFTER_SECONDS"),
    probeAfterMs: get("PROBE_AFTER_SECONDS"),
    renewAfterRequests: get("RENEW_AFTER_REQUESTS"),
    credentialsPerBrowser: get("CREDENTIALS_PER_BROWSER"),
    browserOutageLimitMs: get("BROWSER_OUTAGE_LIMIT_SECONDS"),
    maxReplyBytes: get("MAX_REPLY_BYTES"),
    maxBodyBytes: get("MAX_BODY_BYTES"),
    maxChoices: get("MAX_CHOICES"),
    browserMode: get("BROWSER_MODE"),
    browserPath: get("BROWSER_PATH"),
    browserArgs: get("BROWSER_ARGS"),
    stealth: get("STEALTH"),
    corsOrigins: get("CORS_ORIGINS"),
    allowedHosts: get("ALLOWED_HOSTS"),
    logLevel: get("LOG_LEVEL"),
    logFormat: get("LOG_FORMAT"),
    warnings: warningsOf(values),
  } as const;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function isWeak(key: string): boolean {
  return (
    key.length < MIN_KEY_CHARACTERS || new Set(key).size < 6 || /change|example|your|password|placeholder/i.test(key)
  );
}

function sourceProblems({ GPTOMNI_CREDENTIALS: list, CREDENTIALS_FILE: file }: Values): string[] {
  if (file === undefined || !list?.length) return [];
  return ["CREDENTIALS_FILE: expected no GPTOMNI_CREDENTIALS beside it, got both; leave one of them empty"];
}

function keyProblems(values: Values): string[] {
  const { API_MASTER_KEY, ADMIN_KEY, METRICS_KEY, API_KEYS: further = [] } = values;
  const own = Object.entries({ API_MASTER_KEY, ADMIN_KEY, METRICS_KEY }).filter(([, key]) => key !== undefined) as [
    string,
    string,
  ][];
  const problems: string[] = [];
  if (!isLoopback(values.HOST ?? "")) {
    const wanted = `at least ${MIN_KEY_CHARACTERS} characters that nobody guesses, since HOST is not loopback`;
    for (const [name, key] of own) {
      if (isWeak(key)) problems.push(`${name}: expected ${wanted}, got a weak one; leave it empty to have one made`);
    }
    const weak = further.filter(({ value }) => isWeak(value)).map(({ name }) => name);
    if (weak.length > 0) problems.push(`API_KEYS: expected ${wanted}, got weak ones for ${weak.join(", ")}`);
  }
  const all = [...own.map(([, key]) => key), ...further.map(({ value }) => value)];
  if (new Set(all).size < all.length) {
    problems.push(
      "API_KEYS: expected keys that differ, from API_MASTER_KEY, ADMIN_KEY and METRICS_KEY as well, got one twice",
    );
  }
  if (further.some(({ name }) => name === MASTER)) {
    problems.push(`API_KEYS: expected other names than ${MASTER}, which is that of API_MASTER_KEY`);
  }
  return problems;
}

function warningsOf(values: Values): string[] {
  const warnings: string[] = [];
  const args = values.BROWSER_ARGS ?? [];
  if (values.CREDENTIALS_FILE === undefined && (values.GPTOMNI_CREDENTIALS ?? []).length === 0)
    warnings.push("GPTOMNI_CREDENTIALS is empty: no request can be answered");
  if (values.API_MASTER_KEY !== undefined && isWeak(values.API_MASTER_KEY)) {
    warnings.push("API_MASTER_KEY is weak: anyone on this machine can use your accounts");
  }
  if (values.API_KEYS?.some(({ value }) => isWeak(value))) {
    warnings.push("API_KEYS has a weak key: anyone on this machine can use your accounts");
  }
  if (values.ADMIN_KEY !== undefined && isWeak(values.ADMIN_KEY)) {
    warnings.push("ADMIN_KEY is weak: anyone on this machine can see how your accounts do");
  }
  if (values.METRICS_KEY !== undefined && isWeak(values.METRICS_KEY)) {
    warnings.push("METRICS_KEY is weak: anyone on this machine can see how your accounts do");
  }
  if (values.RATE_LIMIT === undefined)
    warnings.push("RATE_LIMIT is off: a site may suspend accounts that ask too fast");
  if (values.GPTOMNI_ORIGIN?.protocol === "http:")
    warnings.push("GPTOMNI_ORIGIN is not https: cookies travel in the clear");
  if (
    args.some((arg) =>
      /^--(no-sandbox|disable-setuid-sandbox|disable-web-security|ignore-certificate-errors$)/.test(arg),
    )
  ) {
    warnings.push("BROWSER_ARGS takes a protection away from Chromium");
  }
  return warnings;
}
