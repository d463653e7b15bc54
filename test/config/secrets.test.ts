import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { optionsOf } from "../../src/options.ts";
import { sitesAt } from "../../src/sites/catalog.ts";

const KEYS = { api: "canary-api-key-4711", admin: "canary-admin-key-4711" };
/** Each secret setting with the value that must not be found where it is not used. */
const SECRETS: Readonly<Record<string, readonly [setting: string, value: string]>> = {
  API_MASTER_KEY: [KEYS.api, KEYS.api],
  ADMIN_KEY: [KEYS.admin, KEYS.admin],
  API_KEYS: ["anna=canary-key-of-anna-1", "canary-key-of-anna-1"],
  METRICS_KEY: ["canary-metrics-key-1", "canary-metrics-key-1"],
  SECRET_KEY: ["canary-to-seal-with-0123456789-abcdef", "canary-to-seal-with-0123456789-abcdef"],
  DATABASE_URL: ["postgres://gateway:canary-of-database@db.example/state", "canary-of-database"],
  DATABASE_DIRECT_URL: ["postgres://gateway:canary-of-direct@db.example/state", "canary-of-direct"],
  ALERT_URL: ["https://hooks.example/canary-of-alerts", "canary-of-alerts"],
  PROXY_URL: ["http://user:canary-of-proxy@proxy.example:1", "canary-of-proxy"],
  BROWSER_ENDPOINT: ["wss://browsers.example/canary-of-an-endpoint", "canary-of-an-endpoint"],
  BROWSER_SERVER_TOKEN: ["canary-browser-token-1", "canary-browser-token-1"],
  GPTOMNI_CREDENTIALS: ['["__Secure-next-auth.session-token=canary-cookie"]', "canary-cookie"],
};

/** What each part of the gateway uses. */
const USED: Readonly<Record<string, readonly string[]>> = {
  browsers: [],
  pool: [],
  sessions: ["PROXY_URL"],
  liveViews: ["PROXY_URL"],
  gateway: [],
  store: ["DATABASE_DIRECT_URL", "DATABASE_URL", "SECRET_KEY"],
  cluster: ["DATABASE_DIRECT_URL", "SECRET_KEY"],
  persistence: [],
  alerts: ["ALERT_URL"],
  api: [],
  callers: [],
  keyLimits: [],
  // Callers' keys and the operator's are held as digests.
  access: ["METRICS_KEY"],
};

/** Every text that can be reached from a value: keys and values of objects, maps, sets and lists. */
function textsIn(value: unknown, seen: Set<unknown> = new Set()): readonly string[] {
  if (typeof value === "string") return [value];
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return [];
  seen.add(value);
  if (value instanceof URL || value instanceof RegExp) return [String(value)];
  const held = value instanceof Map || value instanceof Set ? [...value] : [];
  const own = Reflect.ownKeys(value).map((key) => Reflect.get(value, key) as unknown);
  return [...held, ...own].flatMap((one) => textsIn(one, seen));
}

const settings = Object.fromEntries(Object.entries(SECRETS).map(([name, [setting]]) => [name, setting]));
const config = loadConfig(settings);
const options = optionsOf(config, KEYS, { sites: sitesAt(config.sites), capacity: 1 });

test.each(Object.entries(options))("the options of %s hold the secrets that it uses, and no other", (name, held) => {
  const texts = textsIn(held).join("\n");
  const found = Object.entries(SECRETS).flatMap(([setting, [, value]]) => (texts.includes(value) ? [setting] : []));
  expect(found.toSorted()).toEqual([...(USED[name] ?? [])].toSorted());
});

test("every secret setting is among those that are looked for", () => {
  const secret = Object.entries(SETTINGS).filter(([, row]) => "isSecret" in row && row.isSecret);
  expect(Object.keys(SECRETS).toSorted()).toEqual(secret.map(([name]) => name).toSorted());
});
