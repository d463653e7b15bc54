import { z } from "zod";
import { credentials } from "./credentials.ts";

/** One row a setting. `parse` gets the text of the variable; its error message says what was expected. */
interface Setting<T> {
  readonly parse: z.ZodType<T, string>;
  /** As the user would write it; undefined when there is none. */
  readonly default: string | undefined;
  readonly unit: string;
  readonly doc: string;
  /** Its value is never repeated in a message. */
  readonly isSecret?: boolean;
}

/** Tells every wrong setting at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const MIN_KEY_CHARACTERS = 16;

const text = z.string();
const onOff = z.enum(["on", "off"], { error: "on or off" }).transform((value) => value === "on");
const words = text.transform((value) => value.split(/\s+/).filter((word) => word !== ""));

function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const error = `a whole number from ${min} to ${max}`;
  return text.regex(/^\d+$/, { error }).transform(Number).pipe(z.number().min(min, { error }).max(max, { error }));
}

const seconds = (min: number, max: number): z.ZodType<number, string> =>
  wholeNumber(min, max).transform((value) => value * 1000);

const origin = text.transform((value, context) => {
  const url = URL.parse(value);
  if (url && (url.protocol === "https:" || url.protocol === "http:") && url.pathname === "/") return url;
  context.addIssue("an origin such as https://gptomni.ai");
  return z.NEVER;
});

const rateLimit = text.transform((value, context) => {
  if (value === "off") return undefined;
  const match = /^(\d+)\/(\d*)(ms|s|m|h)$/.exec(value);
  const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[3] ?? ""];
  const [count, windowMs] = [Number(match?.[1]), Number(match?.[2] || 1) * (unitMs ?? 0)];
  if (count >= 1 && windowMs >= 1 && windowMs <= 86_400_000) return { count, windowMs };
  context.addIssue("requests per time such as 2/60s, 10/1h, or off");
  return z.NEVER;
});

function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

/** Every setting there is; the READMEs and .env.example are tested against this table. */
export const SETTINGS = {
  GPTOMNI_CREDENTIALS: setting({
    parse: credentials,
    default: undefined,
    unit: "JSON",
    isSecret: true,
    doc: 'the accounts: a JSON list of cookie strings or of {"id","cookie"}',
  }),
  API_MASTER_KEY: setting({
    parse: text.min(1),
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "the key that clients send; made at first start, kept in STATE_DIR and printed once when absent",
  }),
  API_REQUEST_TIMEOUT: setting({ parse: seconds(1, 3_600), default: "300", unit: "s", doc: "a whole request" }),
  HOST: setting({
    parse: text.min(1),
    default: "127.0.0.1",
    unit: "",
    doc: "address to listen on (the image: 0.0.0.0)",
  }),
  PORT: setting({
    parse: wholeNumber(0, 65_535),
    default: "8088",
    unit: "",
    doc: "port to listen on; 0 takes a free one",
  }),
  STATE_DIR: setting({ parse: text.min(1), default: "./state", unit: "", doc: "folder for what outlives the process" }),
  GPTOMNI_ORIGIN: setting({ parse: origin, default: "https://gptomni.ai", unit: "", doc: "the site's origin" }),
  RATE_LIMIT: setting({
    parse: rateLimit,
    default: "2/60s",
    unit: "",
    doc: "how often one account may ask, in any such span of time; off",
  }),
  QUEUE_LIMIT: setting({
    parse: wholeNumber(0, 100_000),
    default: "100",
    unit: "requests",
    doc: "how many may wait for an account",
  }),
  QUEUE_TIMEOUT_SECONDS: setting({ parse: seconds(1, 3_600), default: "60", unit: "s", doc: "how long one may wait" }),
  FIRST_BYTE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "60",
    unit: "s",
    doc: "how long the site may take to begin its answer",
  }),
  IDLE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "60",
    unit: "s",
    doc: "how long it may pause in the middle",
  }),
  CHALLENGE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 600),
    default: "30",
    unit: "s",
    doc: "how long the browser may take to solve what the site asks of it",
  }),
  DRAIN_TIMEOUT_SECONDS: setting({
    parse: seconds(0, 3_600),
    default: "90",
    unit: "s",
    doc: "how long running answers may go on after SIGTERM",
  }),
  MAX_REPLY_BYTES: setting({
    parse: wholeNumber(1_024, 1_073_741_824),
    default: "8388608",
    unit: "bytes",
    doc: "the longest answer",
  }),
  MAX_BODY_BYTES: setting({
    parse: wholeNumber(1_024, 268_435_456),
    default: "4194304",
    unit: "bytes",
    doc: "the largest request",
  }),
  BROWSER_MODE: setting({
    parse: z.enum(["headless", "headed"], { error: "headless or headed" }),
    default: "headless",
    unit: "",
    doc: "headed needs a display (the image: headed, under Xvfb)",
  }),
  BROWSER_PATH: setting({
    parse: text.min(1),
    default: "/usr/bin/chromium",
    unit: "",
    doc: "Chromium's executable; found by the npm scripts",
  }),
  BROWSER_ARGS: setting({
    parse: words,
    default: "",
    unit: "",
    doc: "further switches for Chromium, separated by spaces",
  }),
  STEALTH: setting({
    parse: onOff,
    default: "on",
    unit: "",
    doc: "take automation's marks off the browser; claims nothing untrue",
  }),
  CORS_ORIGINS: setting({ parse: words, default: "*", unit: "", doc: "web pages that may call, separated by spaces" }),
  LOG_LEVEL: setting({
    parse: z.enum(["debug", "info", "warn", "error", "silent"], { error: "debug, info, warn, error or silent" }),
    default: "info",
    unit: "",
    doc: "the least that is logged",
  }),
  LOG_FORMAT: setting({
    parse: z.enum(["auto", "json", "pretty"], { error: "auto, json or pretty" }),
    default: "auto",
    unit: "",
    doc: "auto is pretty on a terminal, else JSON",
  }),
} as const;

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
  problems.push(...keyProblems(values));
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
    requestTimeoutMs: get("API_REQUEST_TIMEOUT"),
    host: get("HOST"),
    port: get("PORT"),
    stateDir: get("STATE_DIR"),
    origin: get("GPTOMNI_ORIGIN"),
    rateLimit: values.RATE_LIMIT,
    queueLimit: get("QUEUE_LIMIT"),
    queueTimeoutMs: get("QUEUE_TIMEOUT_SECONDS"),
    firstByteTimeoutMs: get("FIRST_BYTE_TIMEOUT_SECONDS"),
    idleTimeoutMs: get("IDLE_TIMEOUT_SECONDS"),
    challengeTimeoutMs: get("CHALLENGE_TIMEOUT_SECONDS"),
    drainTimeoutMs: get("DRAIN_TIMEOUT_SECONDS"),
    maxReplyBytes: get("MAX_REPLY_BYTES"),
    maxBodyBytes: get("MAX_BODY_BYTES"),
    browserMode: get("BROWSER_MODE"),
    browserPath: get("BROWSER_PATH"),
    browserArgs: get("BROWSER_ARGS"),
    stealth: get("STEALTH"),
    corsOrigins: get("CORS_ORIGINS"),
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

function keyProblems(values: Values): string[] {
  const key = values.API_MASTER_KEY;
  if (key === undefined || !isWeak(key) || isLoopback(values.HOST ?? "")) return [];
  return [
    `API_MASTER_KEY: expected at least ${MIN_KEY_CHARACTERS} characters that nobody guesses, since HOST is not loopback, got a weak one; leave it empty to have one made`,
  ];
}

function warningsOf(values: Values): string[] {
  const warnings: string[] = [];
  const args = values.BROWSER_ARGS ?? [];
  if ((values.GPTOMNI_CREDENTIALS ?? []).length === 0)
    warnings.push("GPTOMNI_CREDENTIALS is empty: no request can be answered");
  if (values.API_MASTER_KEY !== undefined && isWeak(values.API_MASTER_KEY)) {
    warnings.push("API_MASTER_KEY is weak: anyone on this machine can use your accounts");
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
