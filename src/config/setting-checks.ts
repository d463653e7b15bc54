import type { Values } from "./setting-values.ts";

const MIN_KEY_CHARACTERS = 16;
/** The name of API_MASTER_KEY where keys are told apart. */
export const MASTER = "master";

/** What is wrong with settings that are right one by one. */
export function problemsOf(values: Values): string[] {
  return [...keyProblems(values), ...sourceProblems(values), ...sandboxProblems(values), ...databaseProblems(values)];
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || host.startsWith("127.");
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

function databaseProblems(values: Values): string[] {
  const { DATABASE_URL: url, DATABASE_DIRECT_URL: direct, SECRET_KEY: key, MAX_OPEN_SESSIONS: pages } = values;
  const problems: string[] = [];
  if (url !== undefined && key === undefined) {
    problems.push("SECRET_KEY: expected one beside DATABASE_URL, the same on every replica, got none");
  }
  if (url === undefined && direct !== undefined) {
    problems.push("DATABASE_DIRECT_URL: expected DATABASE_URL beside it, got none");
  }
  if (url === undefined && pages === 0)
    problems.push("MAX_OPEN_SESSIONS: expected at least 1 without DATABASE_URL, got 0");
  return problems;
}

/** Switches that turn Chromium's sandbox off, or a part of it. */
const UNSANDBOXED = /^--(?:no-sandbox|no-zygote|single-process|disable-(?:seccomp-filter|namespace|gpu)-sandbox)/;

function sandboxProblems({ REQUIRE_SANDBOX: isRequired, BROWSER_ARGS: args = [] }: Values): string[] {
  const against = args.find((arg) => UNSANDBOXED.test(arg));
  if (!isRequired || against === undefined) return [];
  return [`BROWSER_ARGS: expected no ${against} beside REQUIRE_SANDBOX=on, got both`];
}

function keyProblems(values: Values): string[] {
  const { API_MASTER_KEY, ADMIN_KEY, METRICS_KEY, API_KEYS: further = [] } = values;
  const own = Object.entries({ API_MASTER_KEY, ADMIN_KEY, METRICS_KEY }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const problems: string[] = [];
  if (!isLoopback(values.HOST ?? "")) {
    const wanted = `at least ${MIN_KEY_CHARACTERS} characters that are hard to guess, since HOST is not loopback`;
    for (const [name, key] of own) {
      if (isWeak(key)) problems.push(`${name}: expected ${wanted}, got a weak one; leave it empty to have one made`);
    }
    const weak = further.filter(({ value }) => isWeak(value)).map(({ name }) => name);
    if (weak.length > 0) problems.push(`API_KEYS: expected ${wanted}, got weak ones for ${weak.join(", ")}`);
  }
  const all = [...own.map(([, key]) => key), ...further.map(({ value }) => value)];
  if (new Set(all).size < all.length) {
    problems.push(
      "API_KEYS: expected keys that differ from each other and from API_MASTER_KEY, ADMIN_KEY and METRICS_KEY, got one twice",
    );
  }
  if (further.some(({ name }) => name === MASTER)) {
    problems.push(`API_KEYS: expected names other than ${MASTER}, which is the name of API_MASTER_KEY`);
  }
  return problems;
}

/** Switches that take a protection away from Chromium. */
const UNPROTECTED = /^--(no-sandbox|disable-setuid-sandbox|disable-web-security|ignore-certificate-errors$)/;

/** What an operator should know of settings that are accepted. */
export function warningsOf(values: Values): string[] {
  const { API_MASTER_KEY = "", ADMIN_KEY = "", METRICS_KEY = "", API_KEYS = [] } = values;
  const hasNoAccounts = values.CREDENTIALS_FILE === undefined && (values.GPTOMNI_CREDENTIALS ?? []).length === 0;
  const told: readonly (readonly [boolean, string])[] = [
    [hasNoAccounts, "GPTOMNI_CREDENTIALS is empty: only accounts that the console added can answer"],
    [isGivenWeak(API_MASTER_KEY), "API_MASTER_KEY is weak: anyone on this machine can use your accounts"],
    [
      API_KEYS.some(({ value }) => isWeak(value)),
      "API_KEYS has a weak key: anyone on this machine can use your accounts",
    ],
    [isGivenWeak(ADMIN_KEY), "ADMIN_KEY is weak: anyone on this machine can see the state of your accounts"],
    [isGivenWeak(METRICS_KEY), "METRICS_KEY is weak: anyone on this machine can see the state of your accounts"],
    [values.LOG_PROMPTS === true, "LOG_PROMPTS is on: prompts and answers are kept in STATE_DIR"],
    [values.RATE_LIMIT === undefined, "RATE_LIMIT is off: a site may suspend accounts that ask too fast"],
    ...plainOrigins(values),
    [isPlainElsewhere(values), "BROWSER_ENDPOINT is not encrypted: cookies and prompts are sent unencrypted to it"],
    [(values.BROWSER_ARGS ?? []).some((arg) => UNPROTECTED.test(arg)), "BROWSER_ARGS weakens Chromium's protection"],
  ];
  return told.filter(([isTrue]) => isTrue).map(([, warning]) => warning);
}

function plainOrigins(values: Values): [boolean, string][] {
  return Object.entries(values)
    .filter(([name]) => name.endsWith("_ORIGIN"))
    .map(([name, value]) => [
      value instanceof URL && value.protocol === "http:",
      `${name} is not https: cookies are sent unencrypted`,
    ]);
}

function isPlainElsewhere({ BROWSER_ENDPOINT: endpoint }: Values): boolean {
  return endpoint !== undefined && /^(?:ws|http):$/.test(endpoint.url.protocol) && !isLoopback(endpoint.url.hostname);
}

function isGivenWeak(key: string): boolean {
  return key !== "" && isWeak(key);
}
