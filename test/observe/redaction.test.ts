import { expect, test } from "vitest";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { openWorld } from "../support/world.ts";

test("a secret reaches the log in no form: message, field, error, JSON or URL", () => {
  const secret = 'tok"en/with+odd=chars%20';
  const lines: string[] = [];
  const log = createLog(
    { level: "debug", format: "json", redaction: new Redaction([`session=${secret}; other=12345678-canary`]) },
    { write: (line) => lines.push(line) },
  );
  log.info(`a message with ${secret}`);
  log.info({ nested: { deep: [secret] } }, "a field");
  log.error({ err: new Error(`failed with ${secret}`, { cause: new Error(secret) }) }, "an error");
  log.warn({ url: `https://x/?t=${encodeURIComponent(secret)}` }, "a URL with 12345678-canary");
  expect(lines).toHaveLength(4);
  const all = lines.join("");
  for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), "canary"]) {
    expect(all).not.toContain(form);
  }
  expect(all).toContain("[redacted]");
});

test("a webhook's URL reaches the log in no part that opens it", () => {
  const lines: string[] = [];
  const url = "https://me:pass%20word@hooks.example/services/T0/canary-path?token=canary-token";
  const redaction = new Redaction([url]);
  const log = createLog({ level: "debug", format: "json", redaction }, { write: (line) => lines.push(line) });
  log.warn(
    { url, path: new URL(url).pathname + new URL(url).search, error: `to ${url}: password is pass%20word` },
    "x",
  );
  expect(lines.join("")).not.toMatch(/canary|pass%20word/);
});

function tokenOf(owner: string, count: number): string {
  return `token-of-${owner}-number-${count}-end`;
}

test("the tokens that a site hands out are as secret as the configured ones, and old ones are forgotten in time", () => {
  const redaction = new Redaction();
  for (let count = 0; count < 1_000; count += 1) {
    for (const owner of ["alice", "bob"]) redaction.rotate(owner, [tokenOf(owner, count)]);
  }
  const shown = redaction.apply(
    [999, 998, 997, 996].flatMap((at) => [tokenOf("alice", at), tokenOf("bob", at)]).join(),
  );
  expect(shown).not.toContain("token-of");
  // A log line costs as much after a thousand rotations as after one.
  expect(redaction.apply(tokenOf("alice", 1))).toBe(tokenOf("alice", 1));
});

test("secrets that begin alike, hold one another or stand in a row are all taken out", () => {
  const redaction = new Redaction(["eyJhbGci-one", "eyJhbGci-one-longer", "eyJhbGci-two", "\ud800lone-surrogate"]);
  redaction.rotate("alice", ["eyJhbGci-two"]);
  redaction.rotate("alice", ["eyJhbGci-three"]);
  const line = "eyJhbGci-one-longer,eyJhbGci-oneeyJhbGci-two eyJhbGci-three eyJhbGci-four eyJhbGci";
  expect(redaction.apply(line)).toBe("[redacted],[redacted][redacted] [redacted] eyJhbGci-four eyJhbGci");
});

test("a token that a site hands out is in no log line, even where an error shows it", async () => {
  const simulator = { rotateEveryReplies: 1, replacedTokensInForce: 0 };
  await using world = await openWorld({ accounts: ["alice"], simulator });
  await world.ask("hello");
  await world.untilReady();
  const token = world.simulator.accounts.currentToken("alice") ?? "none";
  world.log.error({ err: new Error(`refused ${token}`) }, `and again ${token}`);
  expect(world.logged.join("")).toContain("refused [redacted]");
  expect(world.logged.join("")).not.toContain(token);
});

test("no cookie and no key is in any log line or answer, whatever fails", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { LOG_LEVEL: "debug" } });
  const bodies: string[] = [];
  const send = async (prompt: string): Promise<void> => {
    const body = { model: "gptomni", messages: [{ role: "user", content: prompt }] };
    bodies.push(await (await world.post("/v1/chat/completions", body)).text());
  };
  for (const prompt of ["hello", '@sim {"status":500}', '@sim {"jsonError":true}', '@sim {"status":401}'])
    await send(prompt);
  bodies.push(await (await world.post("/v1/chat/completions", "not json")).text());
  await world.untilReady();
  for (const path of ["/metrics", "/admin/api/accounts"]) {
    const response = await fetch(world.gateway.url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    expect(response.status).toBe(200);
    bodies.push(await response.text());
  }
  const all = [...world.logged, ...bodies].join("\n");
  const cookies = [...world.cookies.values()].flatMap((cookie) => cookie.split("; "));
  const values = cookies.map((pair) => pair.slice(pair.indexOf("=") + 1)).filter((value) => value.length >= 16);
  expect(values.length).toBeGreaterThan(1);
  for (const value of values) expect(all).not.toContain(value);
  // What the site handed out since is as secret as what was configured.
  const rotated = world.simulator.accounts.currentToken("alice");
  expect(rotated).toBeDefined();
  expect(all).not.toContain(rotated);
  expect(all).not.toContain("sk-test");
  expect(all).not.toContain("sk-admin");
});
