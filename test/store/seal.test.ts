import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Seal } from "../../src/store/seal.ts";
import { obtainSecretKey } from "../../src/store/secret-key.ts";

const key = Buffer.from("a secret key of thirty-two bytes or more");
const otherKey = Buffer.from("another secret key of thirty-two bytes");

let stateDir: string;
beforeEach(async () => {
  stateDir = join(await mkdtemp(join(tmpdir(), "gptomni-store-")), "state");
});
afterEach(async () => {
  await rm(join(stateDir, ".."), { recursive: true });
});

describe("the seal", () => {
  test("breaks with any change", () => {
    const seal = new Seal(key);
    const sealed = seal.seal("Grüße, 世界", "here");
    expect(new Seal(key).open(sealed, "here")).toBe("Grüße, 世界");
    const changed = sealed
      .split("")
      .map((letter, at) => sealed.slice(0, at) + (letter === "A" ? "B" : "A") + sealed.slice(at + 1));
    const cut = sealed.split("").map((_, at) => sealed.slice(0, at));
    // The last letter may carry unused bits only.
    for (const text of [...changed.slice(0, -1), ...cut]) {
      expect(() => seal.open(text, "here")).toThrow(expect.objectContaining({ code: "seal_broken" }));
    }
  });

  test("gives the same text another look each time", () => {
    const seal = new Seal(key);
    expect(seal.seal("text", "here")).not.toBe(seal.seal("text", "here"));
  });

  test("makes digests that tell nothing without the key", () => {
    const digest = new Seal(key).digest("text", "here");
    expect(new Seal(key).digest("text", "here")).toBe(digest);
    const others = [
      new Seal(otherKey).digest("text", "here"),
      new Seal(key).digest("text", "there"),
      new Seal(key).digest("Text", "here"),
    ];
    expect(others).not.toContain(digest);
  });
});

describe("the secret key", () => {
  test("is made once, kept for its owner only, and may be moved into SECRET_KEY", async () => {
    const made = await obtainSecretKey(stateDir);
    expect(made.length).toBeGreaterThanOrEqual(32);
    expect(await readdir(stateDir)).toEqual(["secret-key"]);
    expect((await stat(join(stateDir, "secret-key"))).mode & 0o777).toBe(0o600);
    expect(await obtainSecretKey(stateDir)).toEqual(made);
    const text = await readFile(join(stateDir, "secret-key"), "utf8");
    expect(await obtainSecretKey(join(stateDir, "elsewhere"), text)).toEqual(made);
    expect(await readdir(stateDir)).toEqual(["secret-key"]);
  });

  test("is one for all that start at the same moment", async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => obtainSecretKey(stateDir)));
    expect(new Set(keys.map((made) => made.toString())).size).toBe(1);
    expect(await readdir(stateDir)).toEqual(["secret-key"]);
  });

  test("is closed to others when its file was open to them", async () => {
    const made = await obtainSecretKey(stateDir);
    const path = join(stateDir, "secret-key");
    await rm(path);
    await writeFile(path, made, { mode: 0o644 });
    expect(await obtainSecretKey(stateDir)).toEqual(made);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("is refused when it is short, and then never replaced", async () => {
    await obtainSecretKey(stateDir);
    const path = join(stateDir, "secret-key");
    await writeFile(path, "");
    const failure = expect.objectContaining({ code: "secret_key_unusable" });
    await expect(obtainSecretKey(stateDir)).rejects.toEqual(failure);
    await expect(obtainSecretKey(stateDir)).rejects.toThrow(path);
    await expect(obtainSecretKey(stateDir, "short")).rejects.toThrow("The secret key in SECRET_KEY has 5 characters");
    expect(await readFile(path, "utf8")).toBe("");
  });

  test("is asked for when there is no place to keep one", async () => {
    await writeFile(stateDir, "a file");
    await expect(obtainSecretKey(stateDir)).rejects.toMatchObject({ code: "secret_key_unusable" });
    await expect(obtainSecretKey(stateDir)).rejects.toThrow("set SECRET_KEY");
  });
});
