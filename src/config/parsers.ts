import { z } from "zod";
import { readBrowserEndpoint } from "../credentials/browser-endpoint.ts";
import { readProxy } from "../credentials/proxy.ts";

/** A setting. `parse` reads the text of the variable; its error message says what was expected. */
export interface Setting<T> {
  readonly parse: z.ZodType<T, string>;
  /** The default as a user would write it; undefined if there is none. */
  readonly default: string | undefined;
  readonly unit: string;
  readonly doc: string;
  /** Messages never show its value. */
  readonly isSecret?: boolean;
  /** Where it is not set, the first start makes one and keeps it in STATE_DIR. */
  readonly isGenerated?: boolean;
}

export function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

export const text = z.string();

const POSTGRES_URL = /^postgres(?:ql)?:\/\/[^\s/?#]*\/[^\s/?#]+(?:\?[^\s#]*)?$/;
const WRONG_PERCENT = /%(?![\da-f]{2})/i;
const SEVERAL_HOSTS = /^\w+:\/\/(?:[^/?#]*@)?[^/?#@]*,[^/?#@]*(?:[/?#]|$)|[?&](?:host|port|hostaddr)=[^&]*(?:,|%2c)/i;
const VISIBLE_ASCII = /^[\u0021-\u007e]+$/;

/** A key that an `Authorization: Bearer` header can carry: https://www.rfc-editor.org/rfc/rfc9110#field.authorization */
export const headerKey = text.trim().superRefine((value, context) => {
  if (/^bearer\s/i.test(value)) context.addIssue('the key alone, without "Bearer"');
  else if (!VISIBLE_ASCII.test(value)) {
    context.addIssue("a key of visible ASCII characters without spaces, since a header has to carry it");
  }
});
export const onOff = z.enum(["on", "off"], { error: "on or off" }).transform((value) => value === "on");
/** Words separated by spaces. Double quotes keep spaces inside a word. */
export const words = text.transform((value) =>
  (value.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', "")),
);

/** Pairs `name=key`, separated by spaces. */
export const namedKeys = words.transform((pairs, context) => {
  const keys = pairs.map(
    (pair) =>
      /^(?<name>[\w-]{1,64})=(?<value>[\u0021-\u007e]+)$/.exec(pair)?.groups as
        | Record<"name" | "value", string>
        | undefined,
  );
  const isWhole = keys.every((key) => key !== undefined);
  if (isWhole && new Set(keys.map(({ name }) => name)).size === keys.length) return keys;
  context.addIssue("name=key, separated by spaces, each name once, of letters, digits, - and _; keys of visible ASCII");
  return z.NEVER;
});

/** The key is used as it is, without key stretching, so it must be hard to guess. */
export const secretKey = text
  .trim()
  .refine((value) => value.length >= 32 && new Set(value).size >= 8, { error: "at least 32 characters, random ones" });
/** Pairs `name=model`, separated by spaces. A model name may contain `/` and `:`. */
export const modelAliases = words.transform((pairs, context): ReadonlyMap<string, string> => {
  const named = pairs.map((pair) => /^([^=]{1,256})=([^=]+)$/.exec(pair)?.slice(1) as [string, string] | undefined);
  const aliases = new Map(named.filter((pair) => pair !== undefined));
  if (aliases.size === pairs.length) return aliases;
  context.addIssue("name=model, separated by spaces, each name once");
  return z.NEVER;
});

export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const error = `a whole number from ${min} to ${max}`;
  return text.regex(/^\d+$/, { error }).transform(Number).pipe(z.number().min(min, { error }).max(max, { error }));
}

export const seconds = (min: number, max: number): z.ZodType<number, string> =>
  wholeNumber(min, max).transform((value) => value * 1000);

export const days = (min: number, max: number): z.ZodType<number, string> =>
  wholeNumber(min, max).transform((value) => value * 86_400_000);

export const origin = text.transform((value, context) => {
  const url = URL.parse(value);
  const isBare = url?.pathname === "/" && url.username + url.password + url.search + url.hash === "";
  if (isBare && (url.protocol === "https:" || url.protocol === "http:")) return url;
  context.addIssue("an origin such as https://gptomni.ai");
  return z.NEVER;
});

export const proxyUrl = text.transform((value, context) => {
  const proxy = readProxy(value);
  if (typeof proxy !== "string") return proxy;
  context.addIssue(proxy);
  return z.NEVER;
});

/** `pg` reads it: https://node-postgres.com/features/connecting. Without a host, `?host=` names the folder of a socket. */
export const databaseUrl = text
  .trim()
  .refine((value) => POSTGRES_URL.test(value) && !WRONG_PERCENT.test(value), {
    error: "a URL such as postgres://user:password@host:5432/database, its parts percent-encoded (a / as %2F)",
    abort: true,
  })
  .refine((value) => !SEVERAL_HOSTS.test(value), {
    error: "one host, an address that leads to the primary: several hosts are not tried in turn",
  });

export const browserEndpoint = text.transform((value, context) => {
  const endpoint = readBrowserEndpoint(value);
  if (typeof endpoint !== "string") return endpoint;
  context.addIssue(endpoint);
  return z.NEVER;
});

/** Stands in an address as it is. */
export const pathToken = text
  .trim()
  .regex(/^[\w.~-]{16,256}$/, { error: "16 to 256 letters, digits and - . _ ~, random ones" });

export const pattern = text.transform((value, context) => {
  try {
    return new RegExp(value, "u");
  } catch {
    context.addIssue("a regular expression");
    return z.NEVER;
  }
});

/** As a key has them: requests per minute and per day. */
export interface KeyRateLimit {
  readonly requestsPerMinute?: number;
  readonly requestsPerDay?: number;
}

export const keyRateLimit = words.transform((given, context): KeyRateLimit => {
  const rates = given.join(" ") === "off" ? [] : given;
  const read = rates.map((rate) => /^(\d{1,12})\/(?:(1?m|60s)|(?:1?d|24h))$/.exec(rate));
  const limits = read.map((match) => ({
    [match?.[2] === undefined ? "requestsPerDay" : "requestsPerMinute"]: Number(match?.[1]),
  }));
  const merged: KeyRateLimit = Object.assign({}, ...limits);
  const isWhole = Object.keys(merged).length === rates.length && Object.values(merged).every((count) => count >= 1);
  if (isWhole && (rates.length > 0 || given.length > 0)) return merged;
  context.addIssue("requests per minute or day such as 60/1m, 1000/1d or both, or off");
  return z.NEVER;
});

export const rateLimit = text.transform((value, context) => {
  if (value === "off") return undefined;
  const match = /^(\d+)\/(\d*)(ms|s|m|h)$/.exec(value);
  const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[3] ?? ""];
  const [count, windowMs] = [Number(match?.[1]), Number(match?.[2] || 1) * (unitMs ?? 0)];
  if (count >= 1 && windowMs >= 1 && windowMs <= 86_400_000) return { count, windowMs };
  context.addIssue("requests per time such as 2/60s, 10/1h, or off");
  return z.NEVER;
});
