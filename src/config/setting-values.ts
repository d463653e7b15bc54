import { createHash } from "node:crypto";
import type { EnvFile } from "./env-file.ts";
import type { Setting } from "./parsers.ts";
import { fileSettingOf, withSecretFiles } from "./secret-settings.ts";
import { misspeltNames } from "./setting-names.ts";
import { settingsInForce, withoutUserInfo, type SettingInForce } from "./settings-in-force.ts";
import { SETTINGS } from "./settings.ts";

type Settings = typeof SETTINGS;
export type SettingName = keyof Settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** Each setting as parsed; undefined where it is absent without a default, off, or wrong. */
export type Values = { readonly [Name in SettingName]: ValueOf<Settings[Name]> | undefined };

const NAMES = Object.keys(SETTINGS) as SettingName[];
const SECRETS = NAMES.filter((name) => (SETTINGS[name] as Setting<unknown>).isSecret);
/** What GPTOMNI_CREDENTIALS_FILE is called: a file of accounts is watched, and read again. */
const WATCHED = "CREDENTIALS_FILE";
/** Its quotes hold words together, so they are kept. */
const QUOTED_WORDS = "BROWSER_ARGS";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadSettings {
  readonly values: Values;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** The operator's files that hold secrets. */
  readonly secretPaths: readonly string[];
  /** A digest of each setting's text: tells that a setting changed without keeping what it holds. */
  readonly digests: ReadonlyMap<SettingName, string>;
  readonly inForce: readonly SettingInForce[];
}

/** Reads every setting, the environment before the file. */
export function readSettings(
  environment: Environment,
  file: (EnvFile & { readonly path: string }) | undefined,
): ReadSettings {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const given: Environment = { ...file?.values, ...set };
  const accountsFile = given[WATCHED] || given[fileSettingOf("GPTOMNI_CREDENTIALS")];
  const files = withSecretFiles(
    { ...given, [WATCHED]: accountsFile },
    SECRETS.filter((name) => name !== "GPTOMNI_CREDENTIALS"),
  );
  const texts = new Map(NAMES.map((name) => [name, textOf(name, files.env)]));
  const problems: string[] = [...(file?.problems ?? []), ...files.problems];
  const read = (name: SettingName): unknown => {
    const row: Setting<unknown> = SETTINGS[name];
    const text = texts.get(name);
    if (text === undefined) return undefined;
    const result = row.parse.safeParse(text);
    if (result.success) return result.data;
    const shown = row.isSecret ? "something else" : JSON.stringify(withoutUserInfo(text.slice(0, 80)));
    problems.push(`${name}: expected ${result.error.issues[0]?.message ?? row.doc}, got ${shown}`);
    return undefined;
  };
  return {
    values: Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Values,
    problems,
    warnings: [...(file?.warnings ?? []), ...misspeltWarnings(environment, file)],
    secretPaths: [...(file ? [file.path] : []), ...files.paths, ...(accountsFile ? [accountsFile] : [])],
    digests: new Map([...texts].map(([name, text]) => [name, digestOf(text)])),
    inForce: settingsInForce({ texts, environment: set, file, fromFiles: files.names }),
  };
}

/** The setting as written, else its default. An empty variable is how compose files say "not set". */
function textOf(name: SettingName, environment: Environment): string | undefined {
  const row: Setting<unknown> = SETTINGS[name];
  const text = environment[name];
  if (!text?.trim()) return row.default;
  return name === QUOTED_WORDS ? text : unquoted(text);
}

/** Container engines hand an env file's quotes on. */
function unquoted(text: string): string {
  return /^\s*(?:'[^']*'|"[^"]*")\s*$/.test(text) ? text.trim().slice(1, -1) : text;
}

function digestOf(text: string | undefined): string {
  return text === undefined ? "" : createHash("sha256").update(text).digest("base64url");
}

function misspeltWarnings(environment: Environment, file: EnvFile | undefined): ReadonlySet<string> {
  const known = [...NAMES, ...SECRETS.map(fileSettingOf)];
  return new Set([
    ...misspeltNames(Object.keys(file?.values ?? {}), known, { isOwnFile: true }),
    ...misspeltNames(Object.keys(environment), known, { isOwnFile: false }),
  ]);
}
