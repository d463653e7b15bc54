import { identify } from "../credentials/account-identity.ts";
import type { ListedAccount } from "../credentials/account-list.ts";
import type { EnvFile } from "./env-file.ts";
import { fileSettingOf, withSecretFiles } from "./secret-settings.ts";
import { misspeltNames } from "./setting-names.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { Setting } from "./parsers.ts";
import { SETTINGS } from "./settings.ts";
import { gptomni } from "../sites/gptomni.ts";

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

const NAMES = Object.keys(SETTINGS) as SettingName[];
const SECRETS = NAMES.filter((name) => (SETTINGS[name] as Setting<unknown>).isSecret);
const FILE_SETTINGS = SECRETS.map(fileSettingOf);
/** What GPTOMNI_CREDENTIALS_FILE is called: a file of accounts is watched, and read again. */
const WATCHED = "CREDENTIALS_FILE";
/** Quotes are a part of what they hold together there. */
const QUOTED_WORDS = "BROWSER_ARGS";

export interface ConfigSource {
  /** The environment file that stands beside the environment. */
  readonly file?: EnvFile & { readonly path: string };
}

/** Reads every setting, the environment before the file. @throws ConfigError that names every wrong one. */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>, { file }: ConfigSource = {}) {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const given = { ...file?.values, ...set };
  const accountsFile = given[WATCHED] || given[fileSettingOf("GPTOMNI_CREDENTIALS")];
  const files = withSecretFiles(
    { ...given, [WATCHED]: accountsFile },
    SECRETS.filter((name) => name !== "GPTOMNI_CREDENTIALS"),
  );
  const problems: string[] = [...(file?.problems ?? []), ...files.problems];
  const read = <Name extends SettingName>(name: Name): ValueOf<Settings[Name]> | undefined => {
    const row: Setting<unknown> = SETTINGS[name];
    // An empty variable is how compose files say "not set".
    const text = files.env[name]?.trim() ? files.env[name] : undefined;
    const value = text === undefined || name === QUOTED_WORDS ? (text ?? row.default) : unquoted(text);
    if (value === undefined) return undefined;
    const result = row.parse.safeParse(value);
    if (result.success) return result.data as ValueOf<Settings[Name]>;
    const shown = row.isSecret ? "something else" : JSON.stringify(withoutUserInfo(value.slice(0, 80)));
    problems.push(`${name}: expected ${result.error.issues[0]?.message ?? row.doc}, got ${shown}`);
    return undefined;
  };
  const values = Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Values;
  const { accounts, problem } = accountsOf(values.GPTOMNI_CREDENTIALS ?? [], values.GPTOMNI_ORIGIN);
  if (problem !== undefined) problems.push(`GPTOMNI_CREDENTIALS: expected ${problem}`);
  problems.push(...keyProblems(values), ...sourceProblems(values), ...sandboxProblems(values));
  if (problems.length > 0) throw new ConfigError(`Wrong settings:\n${problems.map((line) => `  ${line}`).join("\n")}`);
  const known = [...NAMES, ...FILE_SETTINGS];
  const misspelt = [
    ...misspeltNames(Object.keys(file?.values ?? {}), known, { isOwnFile: true }),
    ...misspeltNames(Object.keys(environment), known, { isOwnFile: false }),
  ];
  const secretPaths = [...(file ? [file.path] : []), ...files.paths, ...(accountsFile ? [accountsFile] : [])];
  const warnings = [...(file?.warnings ?? []), ...new Set(misspelt)];
  return toConfig(values, { accounts, secretPaths, warnings });
}

/** Container engines hand an env file's quotes on. */
function unquoted(text: string): string {
  return /^\s*(?:'[^']*'|"[^"]*")\s*$/.test(text) ? text.trim().slice(1, -1) : text;
}

function withoutUserInfo(text: string): string {
  return text.replace(/\/\/[^/@]*@/, "//…@");
}

function accountsOf(list: readonly ListedAccount[], origin: URL | undefined): ReturnType<typeof identify> {
  return origin ? identify(list, gptomni(origin)) : { accounts: [] };
}

export type Config = ReturnType<typeof toConfig>;

interface Found {
  readonly accounts: readonly ConfiguredAccount[];
  /** Files of the operator's that hold secrets. */
  readonly secretPaths: readonly string[];
  readonly warnings: readonly string[];
}

function toConfig(values: Values, { accounts, secretPaths, warnings }: Found) {
  // Present, since each has a default or was refused above.
  const get = <Name extends SettingName>(name: Name): ValueOf<Settings[Name]> =>
    values[name] as ValueOf<Settings[Name]>;
  return {
    accounts,
    /** False when GPTOMNI_CREDENTIALS is not set, which is not the same as an empty list. */
    isListGiven: values.GPTOMNI_CREDENTIALS !== undefined,
    secretPaths,
    keepRemovedMs: get("KEEP_REMOVED_DAYS"),
    apiKey: values.API_MASTER_KEY,
    apiKeys: get("API_KEYS"),
    adminKey: values.ADMIN_KEY,
    metricsKey: values.METRICS_KEY,
    requestTimeoutMs: get("API_REQUEST_TIMEOUT"),
    host: get("HOST"),
    port: get("PORT"),
    accountsFile: values.CREDENTIALS_FILE,
    secretKey: values.SECRET_KEY,
    alertUrl: values.ALERT_URL,
    stateDir: get("STATE_DIR"),
    origin: get("GPTOMNI_ORIGIN"),
    proxy: values.PROXY_URL,
    rateLimit: values.RATE_LIMIT,
    queueLimit: get("QUEUE_LIMIT"),
    queueTimeoutMs: values.QUEUE_TIMEOUT_SECONDS ?? get("API_REQUEST_TIMEOUT"),
    firstByteTimeoutMs: get("FIRST_BYTE_TIMEOUT_SECONDS"),
    idleTimeoutMs: get("IDLE_TIMEOUT_SECONDS"),
    challengeTimeoutMs: get("CHALLENGE_TIMEOUT_SECONDS"),
    drainTimeoutMs: get("DRAIN_TIMEOUT_SECONDS"),
    modelAliases: get("MODEL_ALIASES"),
    unknownModels: get("UNKNOWN_MODELS"),
    background: get("BACKGROUND"),
    backgroundPattern: values.BACKGROUND_PATTERN,
    maxOpenSessions: get("MAX_OPEN_SESSIONS"),
    openRate: values.OPEN_RATE,
    hibernateAfterMs: get("HIBERNATE_AFTER_SECONDS"),
    probeAfterMs: get("PROBE_AFTER_SECONDS"),
    renewAfterRequests: get("RENEW_AFTER_REQUESTS"),
    accountsPerBrowser: get("CREDENTIALS_PER_BROWSER"),
    browserOutageLimitMs: get("BROWSER_OUTAGE_LIMIT_SECONDS"),
    maxReplyBytes: get("MAX_REPLY_BYTES"),
    maxBodyBytes: get("MAX_BODY_BYTES"),
    maxPromptCharacters: values.MAX_PROMPT_CHARACTERS,
    contextOverflow: get("CONTEXT_OVERFLOW"),
    maxChoices: get("MAX_CHOICES"),
    browserMode: get("BROWSER_MODE"),
    browserPath: get("BROWSER_PATH"),
    browserArgs: get("BROWSER_ARGS"),
    requireSandbox: get("REQUIRE_SANDBOX"),
    stealth: get("STEALTH"),
    corsOrigins: get("CORS_ORIGINS"),
    allowedHosts: get("ALLOWED_HOSTS"),
    logLevel: get("LOG_LEVEL"),
    logFormat: get("LOG_FORMAT"),
    warnings: [...warnings, ...warningsOf(values)],
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

/** Switches with which Chromium serves without its sandbox, or with a part of it. */
const UNSANDBOXED = /^--(?:no-sandbox|no-zygote|single-process|disable-(?:seccomp-filter|namespace|gpu)-sandbox)/;

function sandboxProblems({ REQUIRE_SANDBOX: isRequired, BROWSER_ARGS: args = [] }: Values): string[] {
  const against = args.find((arg) => UNSANDBOXED.test(arg));
  if (!isRequired || against === undefined) return [];
  return [`BROWSER_ARGS: expected no ${against} beside REQUIRE_SANDBOX=on, got both`];
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
