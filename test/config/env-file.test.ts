import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigError, loadConfig, type Config } from "../../src/config/config.ts";
import { parseEnvText, readEnvFile } from "../../src/config/env-file.ts";
import { openFileWarnings } from "../../src/config/secret-file.ts";

const KEY = "kY3-tR8_wQ1zPv6mXd2sLb9e";
const COOKIE = "__Secure-next-auth.session-token=abc";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gptomni-env-"));
  path = join(folder, ".env");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function configOf(content: string | Buffer, environment: Readonly<Record<string, string>> = {}): Promise<Config> {
  await writeFile(path, content);
  return loadConfig(environment, { file: { ...readEnvFile(path), path } });
}

async function problemsOf(content: string | Buffer, environment?: Readonly<Record<string, string>>): Promise<string[]> {
  const failure: unknown = await configOf(content, environment).catch((cause: unknown) => cause);
  if (!(failure instanceof ConfigError)) throw new Error("nothing was refused");
  return failure.message
    .replaceAll(folder, "")
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

describe("an environment file means the same", () => {
  const text = `API_MASTER_KEY=${KEY}\nPORT=9000\nGPTOMNI_CREDENTIALS=["${COOKIE}"]\n`;
  test.each([
    ["as it is", Buffer.from(text)],
    ["with a byte order mark", Buffer.from(`\ufeff${text}`)],
    ["in UTF-16, as Windows' editors write it", Buffer.from(`\ufeff${text}`, "utf16le")],
    ["in UTF-16 the other way round", Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
    ["in UTF-16 without a mark", Buffer.from(text, "utf16le")],
    ["with CRLF", Buffer.from(text.replaceAll("\n", "\r\n"))],
    ["with CR alone", Buffer.from(text.replaceAll("\n", "\r"))],
    ["with exports and spaces around the signs", Buffer.from(text.replace(/^(\w+)=/gm, "  export $1 = "))],
    ["with comments behind", Buffer.from(text.replaceAll("\n", "  # a comment\n"))],
    ["with colons", Buffer.from(text.replace(/^(\w+)=/gm, "$1: "))],
    ["in quotes", Buffer.from(text.replace(/=(.*)$/gm, "='$1'"))],
  ])("%s", async (_name, content) => {
    const { keys, server, accounts } = await configOf(content);
    expect({ apiKey: keys.api, port: server.port, cookies: accounts.list.map(({ cookie }) => cookie) }).toEqual({
      apiKey: KEY,
      port: 9_000,
      cookies: [COOKIE],
    });
  });
});

describe("a # that begins no comment stays", () => {
  test.each([
    ["in a key", `API_MASTER_KEY=${KEY}#abc`, `${KEY}#abc`],
    ["at the end of one", `API_MASTER_KEY=${KEY}#`, `${KEY}#`],
    ["behind a space in quotes", `API_MASTER_KEY="${KEY}#a" # comment`, `${KEY}#a`],
  ])("%s", async (_name, content, key) => {
    expect((await configOf(content)).keys.api).toBe(key);
  });

  test("in a list of cookies", async () => {
    const { accounts } = await configOf(`GPTOMNI_CREDENTIALS=["${COOKIE}; p=a#b"]`);
    expect(accounts.list[0]?.cookie).toBe(`${COOKIE}; p=a#b`);
  });
});

test("a list over several lines is read in single quotes, and said to need them without", async () => {
  const list = JSON.stringify([COOKIE, { id: "work", cookie: `${COOKIE}d` }], null, 2);
  expect((await configOf(`GPTOMNI_CREDENTIALS='${list}'\nPORT=9000`)).accounts.list).toHaveLength(2);
  const [problem] = await problemsOf(`GPTOMNI_CREDENTIALS=${list}`);
  expect(problem).toBe(
    "/.env: line 2 is not NAME=value, after GPTOMNI_CREDENTIALS: a value over several lines needs single quotes",
  );
});

test.each([
  ["an unclosed quote", `API_MASTER_KEY="${KEY}\nPORT=9000`, 'API_MASTER_KEY: expected a closing " in /.env, line 1'],
  ["an unclosed single quote", `PORT=9000\nADMIN_KEY='${KEY}`, "ADMIN_KEY: expected a closing ' in /.env, line 2"],
  [
    "text behind a closing quote",
    `ADMIN_KEY="${KEY}"x`,
    'ADMIN_KEY: expected nothing after the closing " in /.env, line 1',
  ],
  ["what is no text", Buffer.from([0xc3, 0x28, 0xa0]), "/.env: expected a text file in UTF-8"],
])("%s is one line that names it and shows no secret", async (_name, content, wanted) => {
  const problems = await problemsOf(content);
  expect(problems).toEqual([expect.stringContaining(wanted)]);
  expect(problems.join()).not.toContain(KEY);
});

describe("quotes that docker --env-file hands on", () => {
  test.each([
    [{ API_MASTER_KEY: `"${KEY}"`, PORT: "'9000'", RATE_LIMIT: '"off"' }],
    [{ API_MASTER_KEY: `'${KEY}'`, PORT: '"9000"', RATE_LIMIT: "'off'" }],
  ])("are taken off %o", (environment) => {
    expect(loadConfig(environment)).toMatchObject({
      keys: { api: KEY },
      server: { port: 9_000 },
      sessions: { rateLimit: undefined },
    });
  });

  test.each([`"[\\"${COOKIE}\\"]"`, `"["${COOKIE}"]"`, `'["${COOKIE}"]'`, `"${COOKIE}"`])(
    "are taken off %s",
    (text) => {
      expect(loadConfig({ GPTOMNI_CREDENTIALS: text }).accounts.list.map(({ cookie }) => cookie)).toEqual([COOKIE]);
    },
  );
});

describe("a key that no header can carry is refused", () => {
  test.each([
    ["with a space", "sk-0123 4567 89abcdef", "without spaces"],
    ["in Chinese", "密钥密钥密钥密钥密钥密钥密钥密钥", "visible ASCII"],
    ["with its scheme", `Bearer ${KEY}`, 'without "Bearer"'],
    ["with a control character", `${KEY}\u0001`, "visible ASCII"],
  ])("%s", (_name, key, wanted) => {
    for (const name of ["API_MASTER_KEY", "ADMIN_KEY"]) {
      const load = (): Config => loadConfig({ [name]: key });
      expect(load).toThrow(new RegExp(`${name}: expected .*${wanted}.*, got something else`));
      expect(load).not.toThrow(key);
    }
    expect(() => loadConfig({ API_KEYS: `anna=${key}` })).toThrow("API_KEYS: expected name=key");
  });

  test("one with white space around it is that key", () => {
    expect(loadConfig({ API_MASTER_KEY: `  ${KEY}\n` }).keys.api).toBe(KEY);
  });
});

test("a key to seal with that is easy to guess is refused", () => {
  for (const key of ["a".repeat(32), "abab".repeat(8), "short"]) {
    expect(() => loadConfig({ SECRET_KEY: key })).toThrow("SECRET_KEY: expected at least 32 characters, random ones");
  }
});

describe("a misspelt setting is named with the right one", () => {
  test.each([
    ["GPTOMNI_CREDENTIAL", "GPTOMNI_CREDENTIALS"],
    ["GPTOMNI_CREDENTAILS", "GPTOMNI_CREDENTIALS"],
    ["gptomni_credentials", "GPTOMNI_CREDENTIALS"],
    ["API_MASTERKEY", "API_MASTER_KEY"],
    ["MAX_OPEN_SESSION", "MAX_OPEN_SESSIONS"],
    ["SECRET_KEY_FIEL", "SECRET_KEY_FILE"],
    ["HIBERNATE_AFTER", "HIBERNATE_AFTER_SECONDS"],
    ["HIBERNATE_AFTER_MS", "HIBERNATE_AFTER_SECONDS"],
    ["API_REQUEST_TIMEOUT_SECONDS", "API_REQUEST_TIMEOUT"],
    ["KEEP_REMOVED", "KEEP_REMOVED_DAYS"],
    ["MAX_BODY", "MAX_BODY_BYTES"],
    ["MAX_PROMPT", "MAX_PROMPT_CHARACTERS"],
    ["RENEW_AFTER", "RENEW_AFTER_REQUESTS"],
  ])("%s", async (name, suggestion) => {
    const warning = `${name} is no setting; did you mean ${suggestion}?`;
    expect(loadConfig({ [name]: KEY }).warnings).toContain(warning);
    expect((await configOf(`${name}=${KEY}`)).warnings).toContain(warning);
  });

  test("short ones in the gateway's own file only, which no other program shares", async () => {
    expect((await configOf("PROT=9000")).warnings).toContain("PROT is no setting; did you mean PORT?");
    expect(loadConfig({ PROT: "9000" }).warnings.join()).not.toContain("PROT");
  });

  test("what is like nothing of ours is named when it bears our name", () => {
    expect(loadConfig({ GPTOMNI_FOO: "1", SOME_OTHER_PROGRAM: "1", HTTPS_PROXY: "http://x" }).warnings).toEqual(
      expect.arrayContaining(["GPTOMNI_FOO is no setting"]),
    );
    expect(loadConfig({ SOME_OTHER_PROGRAM: "1", NGINX_PORT: "1" }).warnings.join()).not.toMatch(/OTHER|NGINX/);
  });
});

/** Regular expressions have no JSON of their own. */
function patternText(_key: string, value: unknown): unknown {
  return value instanceof RegExp ? String(value) : value;
}

function comparable(config: Config): unknown {
  const accounts = { ...config.accounts, isListGiven: false };
  return JSON.parse(JSON.stringify({ ...config, accounts, secretPaths: [], inForce: [] }, patternText));
}

describe("each line of .env.example, uncommented, means its default", () => {
  const example = readFileSync(join(import.meta.dirname, "../../.env.example"), "utf8");
  const lines = example.split("\n").flatMap((line) => /^(?:# )?([A-Z_]+=.*)$/.exec(line)?.[1] ?? []);

  test.each(lines)("%s", async (line) => {
    expect(comparable(await configOf(line))).toEqual(comparable(loadConfig({})));
    // Node's own reader agrees, which others may use.
    expect(parseEnv(line)).toEqual(parseEnvText(line, path).values);
  });

  test("all of them together, too", async () => {
    expect(comparable(await configOf(lines.join("\n")))).toEqual(comparable(loadConfig({})));
  });
});

test("a $ stays, and is told of where Docker Compose would replace it", async () => {
  const bare = await configOf(`API_MASTER_KEY=${KEY}$abc`);
  expect(bare.keys.api).toBe(`${KEY}$abc`);
  expect(bare.warnings.join("\n")).toContain("API_MASTER_KEY has a $ in");
  expect(bare.warnings.join("\n")).not.toContain(KEY);
  const quoted = await configOf(`API_MASTER_KEY='${KEY}$abc'`);
  expect(quoted.keys.api).toBe(`${KEY}$abc`);
  expect(quoted.warnings.join("\n")).not.toContain("$");
});

describe("a secret setting may come from a file", () => {
  test.each(["API_MASTER_KEY", "ADMIN_KEY", "SECRET_KEY", "ALERT_URL", "API_KEYS"])("%s_FILE", async (name) => {
    const secret = { ALERT_URL: "https://hooks.example/T0/secret", API_KEYS: `anna=${KEY}` }[name] ?? `${KEY}${KEY}`;
    const file = join(folder, "secret");
    await writeFile(file, `\ufeff${secret}\r\n`);
    const { inForce, ...config } = loadConfig({ [`${name}_FILE`]: file });
    const { inForce: inEnvironment, ...expected } = loadConfig({ [name]: secret });
    expect(config).toEqual({ ...expected, secretPaths: [file] });
    const changed = inForce.filter((row, index) => row.source !== inEnvironment[index]?.source);
    expect(changed).toMatchObject([{ name, value: "set", source: "secret-file" }]);
    expect(() => loadConfig({ [`${name}_FILE`]: file, [name]: secret })).toThrow(
      `${name}_FILE: expected no ${name} beside it`,
    );
    expect(() => loadConfig({ [`${name}_FILE`]: `${file}-gone` })).toThrow(/_FILE: expected a file, .* \(ENOENT\)/);
    await writeFile(file, " \n");
    expect(() => loadConfig({ [`${name}_FILE`]: file })).toThrow(`${name}_FILE: expected a secret in ${file}`);
  });

  test("GPTOMNI_CREDENTIALS_FILE is CREDENTIALS_FILE", () => {
    expect(loadConfig({ GPTOMNI_CREDENTIALS_FILE: "/a" }).accounts.file).toBe("/a");
  });
});

test("files of secrets that others can read are named with the command that helps", async () => {
  await writeFile(path, `API_MASTER_KEY=${KEY}`, { mode: 0o644 });
  await chmod(path, 0o644);
  const { secretPaths } = await configOf(`API_MASTER_KEY=${KEY}`);
  expect(await openFileWarnings(secretPaths)).toEqual([expect.stringContaining(`chmod 600 ${path}`)]);
  await chmod(path, 0o600);
  expect(await openFileWarnings(secretPaths)).toEqual([]);
});

test("a wrong origin or URL shows no password", () => {
  expect(() => loadConfig({ GPTOMNI_ORIGIN: "https://me:canary@chat.example" })).toThrow(/^(?![\s\S]*canary)/);
  expect(() => loadConfig({ ALERT_URL: "ftp://me:canary@hooks.example" })).toThrow(/^(?![\s\S]*canary)/);
});
