import { describe, expect, onTestFinished, test } from "vitest";
import { ENGINES } from "../support/engines.ts";
import { keyFolder } from "../support/key-store.ts";
import { limitFiles } from "../support/store-disk.ts";

const ANNA = { name: "anna", limits: {}, models: undefined, expiresAt: undefined };

describe.each(ENGINES)("stored keys on %s", (engine) => {
  test("a key opens the door from the moment it is made, and after a restart", async () => {
    const folder = await keyFolder(engine);
    const made = await (async () => {
      await using opened = await folder.open();
      const { key, secret } = await opened.keys.create(ANNA);
      expect(await opened.keys.find(secret)).toMatchObject({ keyId: key.id, name: "anna", limits: {} });
      return { key, secret };
    })();
    await using opened = await folder.open();
    expect(await opened.keys.find(made.secret)).toMatchObject({ keyId: made.key.id });
    expect(await opened.keys.find(`${made.secret}x`)).toBeUndefined();
  });

  test("a secret has 256 random bits, is never on the disk, and is kept out of the log after a restart too", async () => {
    const folder = await keyFolder(engine);
    const secret = await (async () => {
      await using opened = await folder.open();
      return (await opened.keys.create(ANNA)).secret;
    })();
    expect(secret).toMatch(/^sk-gw-[\w-]{43}$/);
    const file = await folder.contents();
    expect(file).toContain("anna");
    expect(file).not.toContain(secret.slice("sk-gw-abcd".length));
    expect(folder.secrets.splice(0)).toEqual([secret]);
    await using opened = await folder.open();
    for (let times = 0; times < 3; times += 1) await opened.keys.find(secret);
    expect(folder.secrets).toEqual([secret]);
  });

  test("when a key was used last survives a restart", async () => {
    const folder = await keyFolder(engine);
    const before = Date.now();
    await (async () => {
      await using opened = await folder.open();
      const { secret } = await opened.keys.create(ANNA);
      await opened.keys.find(secret);
    })();
    await using opened = await folder.open();
    expect(opened.keys.all[0]?.lastUsedAt).toBeGreaterThanOrEqual(before);
  });

  test("an expired key is told so, and serves again once its expiry is taken away", async () => {
    const folder = await keyFolder(engine);
    await using opened = await folder.open();
    const { key, secret } = await opened.keys.create({ ...ANNA, expiresAt: Date.now() - 1 });
    await expect(opened.keys.find(secret)).rejects.toMatchObject({ code: "key_expired" });
    await opened.keys.change(key.id, { expiresAt: undefined });
    expect(await opened.keys.find(secret)).toMatchObject({ name: "anna" });
  });

  test("a revoked key is told so, its name is free again, and the new key is another one", async () => {
    const folder = await keyFolder(engine);
    const secret = await (async () => {
      await using opened = await folder.open();
      const { key, secret: made } = await opened.keys.create(ANNA);
      await opened.keys.revoke(key.id);
      const again = await opened.keys.create(ANNA);
      expect(again.key.id).not.toBe(key.id);
      return made;
    })();
    await using opened = await folder.open();
    await expect(opened.keys.find(secret)).rejects.toMatchObject({ code: "invalid_api_key", message: /revoked/ });
    expect(opened.keys.size).toBe(1);
  });

  test("two keys that are made at once cannot have one name", async () => {
    const folder = await keyFolder(engine);
    await using opened = await folder.open();
    const [one, other] = await Promise.allSettled([opened.keys.create(ANNA), opened.keys.create(ANNA)]);
    expect([one?.status, other?.status]).toEqual(["fulfilled", "rejected"]);
    expect(opened.keys.size).toBe(1);
  });

  test("a key without limits of its own has those for every key", async () => {
    const folder = await keyFolder(engine);
    await using opened = await folder.open({ defaultLimits: { requestsPerMinute: 60 } });
    const { key, secret } = await opened.keys.create(ANNA);
    expect(await opened.keys.find(secret)).toMatchObject({ limits: { requestsPerMinute: 60 } });
    await opened.keys.change(key.id, { limits: { parallel: 1 } });
    expect((await opened.keys.find(secret))?.limits).toEqual({ parallel: 1 });
  });
});

test("a change that the disk does not take does not hold, and requests are served all the while", async () => {
  const folder = await keyFolder();
  await using opened = await folder.open();
  const { key, secret } = await opened.keys.create(ANNA);
  limitFiles("1");
  onTestFinished(() => limitFiles("unlimited"));
  const notStored = { code: "state_not_stored" };
  await expect(opened.keys.create({ ...ANNA, name: "ben" })).rejects.toMatchObject(notStored);
  await expect(opened.keys.revoke(key.id)).rejects.toMatchObject(notStored);
  await expect(opened.keys.rotate(key.id)).rejects.toMatchObject(notStored);
  expect(await opened.keys.find(secret)).toMatchObject({ name: "anna" });
  expect(opened.keys.all.map(({ name }) => name)).toEqual(["anna"]);
  limitFiles("unlimited");
  await opened.keys.create({ ...ANNA, name: "ben" });
  expect(opened.keys.size).toBe(2);
});
