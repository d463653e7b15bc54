import { pino, type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export interface LogOptions {
  readonly level: string;
  /** auto: pretty on a terminal, else one JSON object a line. */
  readonly format: "auto" | "json" | "pretty";
  /** Cookie headers and keys; none of their values reaches the output, wherever it stands. */
  readonly secrets: readonly string[];
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
  const sink = destination ?? (isPretty ? pretty({ ignore: "pid,hostname", singleLine: true }) : pino.destination(1));
  const values = options.secrets.flatMap(secretValues);
  const redact = (line: string): string => values.reduce((text, value) => text.replaceAll(value, REDACTED), line);
  return pino({ level: options.level, base: null }, { write: (line: string) => sink.write(redact(line)) });
}

/** A cookie header is many secrets: each of its values, and each as it looks inside JSON or a URL. */
function secretValues(secret: string): string[] {
  const parts = secret.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  return [...new Set([secret, ...parts])]
    .filter((value) => value.length >= MIN_SECRET_CHARACTERS)
    .flatMap((value) => [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])])
    .sort((one, other) => other.length - one.length);
}
