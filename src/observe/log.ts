import { pino, type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";
import { LogSink } from "./log-sink.ts";
import { MIN_SECRET_CHARACTERS, SecretIndex } from "./secret-index.ts";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export interface LogOptions {
  readonly level: string;
  /** auto: pretty on a terminal, else one JSON object per line. */
  readonly format: "auto" | "json" | "pretty";
  readonly redaction: Redaction;
}

const REDACTED = "[redacted]";

/**
 * The log. It removes secrets by value from each finished line: a list of field names would miss a secret inside an error
 * message or a nested object.
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

/** How many token sets of an account stay redacted: running requests may still mention an older one. */
const ROTATIONS_KEPT = 4;

/** Replaces cookies, keys and tokens in the log, wherever they occur. */
export class Redaction {
  readonly #index = new SecretIndex();
  readonly #fixed = new Set<string>();
  readonly #rotating = new Map<string, (readonly string[])[]>();

  constructor(secrets: readonly string[] = []) {
    this.add(secrets);
  }

  add(secrets: readonly string[]): void {
    for (const value of secrets.flatMap(secretValues)) {
      if (!this.#fixed.has(value)) this.#index.add(value);
      this.#fixed.add(value);
    }
  }

  /** Adds the newest secrets of `owner` and forgets the oldest ones: a site rotates tokens without end. */
  rotate(owner: string, secrets: readonly string[]): void {
    const newest = secrets.flatMap(formsOf);
    const sets = this.#rotating.get(owner) ?? [];
    if (sets[0]?.join() === newest.join()) return;
    for (const value of newest) this.#index.add(value);
    for (const value of sets.splice(ROTATIONS_KEPT - 1).flat()) this.#index.remove(value);
    this.#rotating.set(owner, [newest, ...sets]);
  }

  apply(line: string): string {
    return this.#index.replaceIn(line, REDACTED);
  }
}

/** A cookie header holds several secrets, and so does a URL. */
function secretValues(secret: string): string[] {
  const parts = secret.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  return [...new Set([secret, ...parts, ...urlSecrets(secret)].flatMap(formsOf))];
}

/** The value as it is, inside JSON and inside a URL. */
function formsOf(value: string): string[] {
  return [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())])].filter(
    (form) => form.length >= MIN_SECRET_CHARACTERS,
  );
}

/** The webhook URLs of chat services have their secret in the path. */
function urlSecrets(secret: string): string[] {
  const url = /^https?:/i.test(secret) ? URL.parse(secret) : null;
  return url ? [url.href, url.username, url.password, url.pathname + url.search] : [];
}
