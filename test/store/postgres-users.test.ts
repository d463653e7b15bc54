import { describe, expect, onTestFinished, test } from "vitest";
import { openStore, type Store } from "../../src/store/store.ts";
import { SECRET_KEY, storePlace, type StorePlace } from "../support/engines.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";

/** The URL of a user of the test's own. ROLE is its name in the statements. */
async function userOf(place: StorePlace, name: string, ...statements: readonly string[]): Promise<string> {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  await place.tamper(`CREATE ROLE ${quoted} LOGIN`);
  onTestFinished(async () => {
    await place.tamper(`DROP OWNED BY ${quoted} CASCADE`);
    await place.tamper(`DROP ROLE ${quoted}`);
  });
  await place.tamper(`GRANT CREATE ON SCHEMA public TO ${quoted}`);
  for (const statement of statements) await place.tamper(statement.replaceAll("ROLE", quoted));
  return (place.options.databaseUrl ?? "").replace("//postgres@", `//${encodeURIComponent(name)}@`);
}

function open(databaseUrl: string): Promise<Store> {
  return openStore({ stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl });
}

const name = (): string => `user_${crypto.randomUUID().replaceAll("-", "")}`;

describe.skipIf(LACKS_POSTGRES)("the user of the database", () => {
  test("may have a name of any characters, percent-encoded", async () => {
    const place = await storePlace("PostgreSQL");
    const url = await userOf(place, `a/b:c@d?e#f%g "é" ${name()}`.slice(0, 60));
    await using store = await open(url);
    await store.assertWritable();
    expect(await place.tamper("SELECT count(*)::int AS seals FROM seal")).toEqual([{ seals: 1 }]);
  });

  test.each([
    [
      "may not create tables",
      "REVOKE CREATE ON SCHEMA public FROM ROLE, PUBLIC",
      /permission denied for schema public.*needs the rights to create tables in its schema/,
    ],
    ["has no schema", "ALTER USER ROLE SET search_path = nowhere", /its search_path is to name one that there is/],
    [
      "may only read",
      "ALTER USER ROLE SET default_transaction_read_only = on",
      /read-only transaction.*DATABASE_URL is to name a primary that takes writes/,
    ],
    ["gets no connection", "ALTER USER ROLE CONNECTION LIMIT 0", /too many connections.*Raise max_connections there/],
  ])("is told that it %s", async (_what, statement, message) => {
    const place = await storePlace("PostgreSQL");
    await expect(open(await userOf(place, name(), statement))).rejects.toThrow(message);
  });

  test("may have a schema of its own beside another gateway's", async () => {
    const place = await storePlace("PostgreSQL");
    await using first = await place.open();
    const url = await userOf(
      place,
      name(),
      "CREATE SCHEMA own AUTHORIZATION ROLE",
      "ALTER USER ROLE SET search_path = own",
    );
    await using second = await open(url);
    await using again = await open(url);
    for (const store of [first, second, again]) await store.assertWritable();
    const schemas = "SELECT schemaname FROM pg_tables WHERE tablename = 'account' ORDER BY 1";
    expect(await place.tamper(schemas)).toEqual([{ schemaname: "own" }, { schemaname: "public" }]);
  });
});
