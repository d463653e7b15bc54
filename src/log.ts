import { pino, type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";
import { LogSink } from "./log-sink.ts";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export interface LogOptions {
  readonly level: string;
  /** auto: pretty on a terminal, else one JSON object a line. */
  readonly format: "auto" | "json" | "pretty";
  readonly redaction: Redaction;
}

/** Shorter values would blot out ordinary words. */
const MIN_SECRET_CHARACTERS = 8;
const REDACTED = "[redacted]";

/**
 * The log. Secrets are taken out by value, at the sink: a list of field names misses the secret that an error message or a
 * nested object carries.
 */
export function createLog(options: LogOptions, destination?: DestinationStream): Log {
  const isPretty = options.format === "pretty" || (options.format === "auto" && process.stdout.isTTY);
  const sink = destination ?? (isPretty ? prettily(new LogSink()) : new LogSink());
  const { redaction } = options;
  return pino({ level: options.level, base: null }, { write: (line: string) => sink.write(redaction.apply(line)) });
}

function prettily(destination: LogSink): DestinationStream {
  return pretty({ ignore: "pid,hostname", singleLine: true, colorize: process.stdout.isTTY, destination });
}

/** Of one account: the newest tokens, and those that requests under way may still be about. */
const ROTATIONS_KEPT = 4;

/** Cookie headers, keys and tokens: none of their values reaches the output, wherever it stands. */
export class Redaction {
  readonly #fixed = new Set<string>();
  readonly #rotating = new Map<string, readonly (readonly string[])[]>();

  constructor(secrets: readonly string[] = []) {
    this.add(secrets);
  }

  add(secrets: readonly string[]): void {
    for (const value of secrets.flatMap(secretValues)) this.#fixed.add(value);
  }

  /** `owner`'s newest secrets; those that were replaced long ago are forgotten, since a site replaces them without end. */
  rotate(owner: string, secrets: readonly string[]): void {
    const newest = secrets.flatMap(formsOf);
    const before = this.#rotating.get(owner) ?? [];
    if (before[0]?.join() === newest.join()) return;
    this.#rotating.set(owner, [newest, ...before].slice(0, ROTATIONS_KEPT));
  }

  apply(line: string): string {
    let text = line;
    for (const value of this.#fixed) text = text.replaceAll(value, REDACTED);
    for (const sets of this.#rotating.values()) {
      for (const values of sets) for (const value of values) text = text.replaceAll(value, REDACTED);
    }
    return text;
  }
}

/** A cookie header is many secrets, and so is a URL. */
function secretValues(secret: string): string[] {
  const parts = secret.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  return [...new Set([secret, ...parts, ...urlSecrets(secret)])].flatMap(formsOf).sort(byLength);
}

/** Each as it looks inside JSON or a URL, longest first. */
function formsOf(value: string): string[] {
  if (value.length < MIN_SECRET_CHARACTERS) return [];
  return [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])].sort(byLength);
}

/** Chat services' webhooks carry their secret in the path. */
function urlSecrets(secret: string): string[] {
  const url = /^https?:/i.test(secret) ? URL.parse(secret) : null;
  return url ? [url.href, url.username, url.password, url.pathname + url.search] : [];
}

function byLength(one: string, other: string): number {
  return other.length - one.length;
}
