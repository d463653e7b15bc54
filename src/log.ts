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

/** Cookie headers and keys: none of their values reaches the output, wherever it stands. */
export class Redaction {
  readonly #values = new Set<string>();

  constructor(secrets: readonly string[] = []) {
    this.add(secrets);
  }

  add(secrets: readonly string[]): void {
    for (const value of secrets.flatMap(secretValues)) this.#values.add(value);
  }

  apply(line: string): string {
    let text = line;
    for (const value of this.#values) text = text.replaceAll(value, REDACTED);
    return text;
  }
}

/** A cookie header is many secrets: each of its values, and each as it looks inside JSON or a URL. */
function secretValues(secret: string): string[] {
  const parts = secret.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  return [...new Set([secret, ...parts])]
    .filter((value) => value.length >= MIN_SECRET_CHARACTERS)
    .flatMap((value) => [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])])
    .sort((one, other) => other.length - one.length);
}
