import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { placeOf, secretsOfDatabaseUrl, withSafeTls } from "../../src/store/postgres-url.ts";

const SECRET_KEY = "a secret key of thirty-two bytes or more";
const URL = "postgres://gateway:canary%2Fsecret@db.example:5432/state?sslmode=verify-full";

describe("DATABASE_URL", () => {
  test("needs a SECRET_KEY beside it", () => {
    expect(() => loadConfig({ DATABASE_URL: URL })).toThrow("SECRET_KEY: expected one beside DATABASE_URL");
    expect(loadConfig({ DATABASE_URL: URL, SECRET_KEY }).store).toMatchObject({ databaseUrl: URL });
  });

  test.each([
    "mysql://db/state",
    "postgres://db.example",
    "db.example/state",
    "postgres://a b/state",
    "postgres://a:100%@db/state",
  ])("is refused as %s, without being shown", (given) => {
    const load = (): unknown => loadConfig({ DATABASE_URL: given, SECRET_KEY });
    expect(load).toThrow("DATABASE_URL: expected a URL such as postgres://user:password@host:5432/database");
    expect(load).not.toThrow(given);
  });

  test.each([
    "postgres://gateway@db1.example,db2.example/state?target_session_attrs=read-write",
    "postgres://gateway:a%2Cb@db1.example:5432,db2.example:5433/state",
    "postgres:///state?host=db1.example,db2.example",
  ])("is refused with several hosts: %s", (given) => {
    const load = (): unknown => loadConfig({ DATABASE_URL: given, SECRET_KEY });
    expect(load).toThrow("DATABASE_URL: expected one host, an address that leads to the primary");
    expect(load).not.toThrow(given);
  });

  test("may have a comma in its password", () => {
    const url = "postgres://gateway:a,b@db.example/state";
    expect(loadConfig({ DATABASE_URL: url, SECRET_KEY }).store.databaseUrl).toBe(url);
  });

  test("may name the folder of a socket", () => {
    const socket = "postgresql:///state?host=/var/run/postgresql";
    expect(loadConfig({ DATABASE_URL: socket, SECRET_KEY }).store.databaseUrl).toBe(socket);
  });

  test("has to be there for DATABASE_DIRECT_URL", () => {
    expect(() => loadConfig({ DATABASE_DIRECT_URL: URL, SECRET_KEY })).toThrow("expected DATABASE_URL beside it");
  });

  test("has its certificate checked in each mode of TLS but where it asks for libpq's own ways", () => {
    const modes = ["require", "verify-ca", "prefer", "verify-full"].map((mode) =>
      withSafeTls(`postgres://db/s?sslmode=${mode}`),
    );
    expect(new Set(modes)).toEqual(new Set(["postgres://db/s?sslmode=verify-full"]));
    for (const url of ["postgres://db/s?sslmode=disable", "postgres://db/s?a=b&uselibpqcompat=true&sslmode=require"])
      expect(withSafeTls(url)).toBe(url);
  });

  test("is shown without its password, which the log hides as it is written and as it is meant", () => {
    expect(placeOf(URL)).toBe("postgres://db.example:5432/state");
    expect(secretsOfDatabaseUrl(URL)).toEqual(["canary%2Fsecret", "canary/secret"]);
    expect(placeOf("postgres:///state?host=/run&user=a@b")).toBe("postgres:///state");
    expect(secretsOfDatabaseUrl("postgres://db.example/state?password=canary")).toEqual(["canary"]);
  });
});
