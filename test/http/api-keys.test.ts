import { describe, expect, test } from "vitest";
import { ConfiguredKeys, type ApiKeys } from "../../src/http/api-keys.ts";
import { says, serve } from "../support/scripted-gateway.ts";

const OLD = "sk-anna-0123456789abcdef";
const NEW = "sk-anna-fedcba9876543210";

function headersOf(key: string) {
  return { authorization: `Bearer ${key}`, "content-type": "application/json" };
}

/** Keys that an operator replaces while the gateway runs. */
class ReplaceableKeys implements ApiKeys {
  readonly size = 1;
  current = new ConfiguredKeys([{ name: "anna", value: OLD }]);

  async find(secret: string) {
    return this.current.find(secret);
  }
}

test("a new key with the name of an old one sees nothing of what the old one stored", async () => {
  const apiKeys = new ReplaceableKeys();
  const { url } = await serve(says("Hello"), { apiKeys });
  const body = JSON.stringify({ model: "gptomni", input: "Hi" });
  const first = await fetch(`${url}/v1/responses`, { method: "POST", headers: headersOf(OLD), body });
  const { id } = (await first.json()) as { id: string };
  const statusFor = async (key: string): Promise<number> =>
    (await fetch(`${url}/v1/responses/${id}`, { headers: headersOf(key) })).status;
  expect(await statusFor(OLD)).toBe(200);
  apiKeys.current = new ConfiguredKeys([{ name: "anna", value: NEW }]);
  expect([await statusFor(NEW), await statusFor(OLD)]).toEqual([404, 401]);
});

describe("a key", () => {
  test("is shown in the log by its name, and neither its secret nor its id is", async () => {
    const apiKeys = new ConfiguredKeys([{ name: "anna", value: OLD }]);
    const { url, lines } = await serve(says("Hello"), { apiKeys });
    await (await fetch(`${url}/v1/models`, { headers: headersOf(OLD) })).arrayBuffer();
    await expect.poll(() => lines.at(-1)).toMatchObject({ route: "/v1/models", key: "anna" });
    const { keyId = "" } = (await apiKeys.find(OLD)) ?? {};
    expect(keyId).toMatch(/^[\w-]{16}$/);
    expect(JSON.stringify(lines)).not.toContain(OLD);
    expect(JSON.stringify(lines)).not.toContain(keyId);
  });

  test("has the same id after a restart", async () => {
    const [before, after] = [1, 2].map(() => new ConfiguredKeys([{ name: "anna", value: OLD }]));
    expect(await before?.find(OLD)).toEqual(await after?.find(OLD));
    expect(await before?.find(NEW)).toBeUndefined();
  });
});
