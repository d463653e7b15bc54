import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../src/config/config.ts";

const STRONG_KEY = "kY3-tR8_wQ1zPv6mXd2sLb9e";

function messageOf(env: Readonly<Record<string, string>>): string {
  try {
    loadConfig(env);
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.message;
    throw cause;
  }
  throw new Error("nothing was refused");
}

test("with nothing set, it listens on loopback at the documented pace", () => {
  const config = loadConfig({});
  expect(config).toMatchObject({
    server: { host: "127.0.0.1", port: 8088 },
    limits: { requestTimeoutMs: 900_000 },
    sessions: { rateLimit: { count: 2, windowMs: 60_000 } },
    accounts: { list: [] },
  });
  expect(config.sites.gptomni.href).toBe("https://gptomni.ai/");
});

test("one message names every wrong setting, what was expected and what it got", () => {
  const message = messageOf({ PORT: "eighty", RATE_LIMIT: "fast", API_REQUEST_TIMEOUT: "-1", STEALTH: "maybe" });
  expect(message.split("\n")).toEqual([
    "Wrong settings:",
    '  API_REQUEST_TIMEOUT: expected a whole number from 1 to 3600, got "-1"',
    '  PORT: expected a whole number from 0 to 65535, got "eighty"',
    '  RATE_LIMIT: expected requests per time such as 2/60s, 10/1h, or off, got "fast"',
    '  STEALTH: expected on or off, got "maybe"',
  ]);
});

test("a wrong secret is named, never shown", () => {
  const message = messageOf({ GPTOMNI_CREDENTIALS: '["canary-secret-without-a-name"]' });
  expect(message).toContain("GPTOMNI_CREDENTIALS");
  expect(message).toContain("item 1");
  expect(message).not.toContain("canary");
});

function idsOf(...list: readonly string[]): string[] {
  return loadConfig({ GPTOMNI_CREDENTIALS: JSON.stringify(list) }).accounts.list.map(({ id }) => id);
}

describe("accounts", () => {
  const cookie = "__Secure-next-auth.session-token=abc; __Host-next-auth.csrf-token=d%7Ce";
  test.each([
    ["a JSON list of strings", JSON.stringify([cookie])],
    ["the seed's list in quotes", `'${JSON.stringify([cookie])}'`],
    ["one bare cookie header", cookie],
  ])("may be %s", (_name, value) => {
    expect(loadConfig({ GPTOMNI_CREDENTIALS: value }).accounts.list).toEqual([
      { id: expect.stringMatching(/^account-[\da-z]{8}$/), cookie },
    ]);
  });

  test("may have names of their own", () => {
    const value = JSON.stringify([{ id: "work", cookie }, cookie.replace("abc", "xyz")]);
    const ids = loadConfig({ GPTOMNI_CREDENTIALS: value }).accounts.list.map(({ id }) => id);
    expect(ids).toEqual(["work", expect.stringMatching(/^account-[\da-z]{8}$/)]);
  });

  test("without names have the same id in any place and form, and beside any other cookie", () => {
    const [first, second] = idsOf(cookie, cookie.replace("abc", "xyz"));
    expect(first).not.toBe(second);
    expect(idsOf("theme=dark; __Secure-next-auth.session-token=xyz", `Cookie: ${cookie}`)).toEqual([second, first]);
  });

  test("that are one account twice are refused by name", () => {
    const value = JSON.stringify([
      { id: "work", cookie },
      { id: "home", cookie: `theme=dark; ${cookie}` },
    ]);
    const message = messageOf({ GPTOMNI_CREDENTIALS: value });
    expect(message).toContain("items 1 (work) and 2 (home) have the same sign-in");
    expect(message).not.toContain("abc");
  });

  test("may name their site, which must be one that there is", () => {
    const [first, second] = loadConfig({
      GPTOMNI_CREDENTIALS: JSON.stringify([{ cookie, site: "gptomni" }, cookie.replace("abc", "xyz")]),
    }).accounts.list;
    expect([first?.site, second?.site]).toEqual(["gptomni", undefined]);
    const message = messageOf({ GPTOMNI_CREDENTIALS: JSON.stringify([cookie, { cookie, site: "elsewhere" }]) });
    expect(message).toMatch(/GPTOMNI_CREDENTIALS: expected one of the sites gptomni\b.*; items 2 name another/);
  });

  test.each([
    [
      "two of one name",
      JSON.stringify([
        { id: "a", cookie },
        { id: "a", cookie },
      ]),
    ],
    ["a line break in a cookie", JSON.stringify(["a=b\r\nX: y"])],
    ["something that is no JSON", "[oops"],
    ["numbers", "[1]"],
  ])("are refused with %s", (_name, value) => {
    expect(messageOf({ GPTOMNI_CREDENTIALS: value })).toContain("GPTOMNI_CREDENTIALS: expected");
  });
});

describe("the API key", () => {
  test.each(["1", "123456", "changeme-changeme-changeme", "aaaaaaaaaaaaaaaaaaaaaaaa"])(
    "%s is refused where others can reach the listener",
    (key) => {
      expect(messageOf({ API_MASTER_KEY: key, HOST: "0.0.0.0" })).toContain("API_MASTER_KEY");
    },
  );

  test("that is weak is taken on loopback, with a warning", () => {
    expect(loadConfig({ API_MASTER_KEY: "1" }).warnings.join()).toContain("API_MASTER_KEY is weak");
  });

  test("that is strong is taken anywhere", () => {
    const config = loadConfig({ API_MASTER_KEY: STRONG_KEY, HOST: "0.0.0.0" });
    expect(config.warnings.join()).not.toContain("API_MASTER_KEY");
  });
});

describe("further API keys", () => {
  const second = STRONG_KEY.split("").toReversed().join("");

  test("have a name each", () => {
    const { keys, warnings } = loadConfig({ API_KEYS: ` anna=${STRONG_KEY}  ben-2=${second}` });
    expect(keys.named).toEqual([
      { name: "anna", value: STRONG_KEY },
      { name: "ben-2", value: second },
    ]);
    expect(warnings.join()).not.toContain("API_KEYS");
  });

  test.each([
    ["without a name", STRONG_KEY],
    ["of one name", `anna=${STRONG_KEY} anna=${second}`],
    ["with a name that would not fit a log line", `a.b=${STRONG_KEY}`],
    ["that are the same", `anna=${STRONG_KEY} ben=${STRONG_KEY}`],
    ["by the name of the first one", `master=${second}`],
  ])("%s are refused, and not repeated", (_name, value) => {
    const message = messageOf({ API_MASTER_KEY: `${second}-other`, API_KEYS: value });
    expect(message).toContain("API_KEYS: expected");
    expect(message).not.toContain(STRONG_KEY);
  });

  test("that are weak are refused where others can reach the listener, else taken with a warning", () => {
    const message = messageOf({ API_KEYS: `anna=${STRONG_KEY} ben=123456`, HOST: "0.0.0.0" });
    expect(message).toContain("got weak ones for ben");
    expect(message).not.toContain("123456");
    expect(loadConfig({ API_KEYS: "ben=123456" }).warnings.join()).toContain("API_KEYS has a weak key");
  });
});

test.each([
  ["RATE_LIMIT", "off"],
  ["GPTOMNI_ORIGIN", "http://localhost:1"],
  ["BROWSER_ARGS", "--no-sandbox"],
])("%s=%s is taken with a warning", (name, value) => {
  const before = loadConfig({}).warnings.length;
  expect(loadConfig({ [name]: value }).warnings).toHaveLength(before + 1);
});

test("an empty variable is one that is not set", () => {
  expect(loadConfig({ PORT: "", API_MASTER_KEY: "" })).toMatchObject({
    server: { port: 8088 },
    keys: { api: undefined },
  });
});

test("switches for Chromium may hold spaces, in quotes", () => {
  const BROWSER_ARGS = '  --lang=de "--host-resolver-rules=MAP a b" --user-agent="My Browser" ';
  const { browserArgs } = loadConfig({ BROWSER_ARGS }).browser;
  expect(browserArgs).toEqual(["--lang=de", "--host-resolver-rules=MAP a b", "--user-agent=My Browser"]);
});

test("a sandbox that must be on and a switch that turns it off are refused together", () => {
  const both = { REQUIRE_SANDBOX: "on", BROWSER_ARGS: "--lang=de --no-sandbox" };
  expect(() => loadConfig(both)).toThrow("BROWSER_ARGS: expected no --no-sandbox beside REQUIRE_SANDBOX=on, got both");
  expect(loadConfig({ ...both, REQUIRE_SANDBOX: "off" }).browser.requireSandbox).toBe(false);
});

describe("the limit of keys without limits of their own", () => {
  test.each([
    ["", {}],
    ["off", {}],
    ["60/1m", { requestsPerMinute: 60 }],
    ["60/m", { requestsPerMinute: 60 }],
    ["1000/1d", { requestsPerDay: 1000 }],
    ["60/1m 1000/1d", { requestsPerMinute: 60, requestsPerDay: 1000 }],
  ])("is read from %j", (KEY_RATE_LIMIT, limits) => {
    expect(loadConfig({ KEY_RATE_LIMIT }).keyLimits).toEqual(limits);
  });

  test.each(["60", "60/1h", "0/1m", "60/1m 70/1m", "60/1m off", "-1/1d"])(
    "is refused where it is %j",
    (KEY_RATE_LIMIT) => {
      expect(messageOf({ KEY_RATE_LIMIT })).toContain("KEY_RATE_LIMIT: expected requests per minute or day");
    },
  );
});
