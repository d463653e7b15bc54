import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Anchor } from "../../src/cluster/anchor.ts";
import { openStore } from "../../src/store/store.ts";
import { SECRET_KEY } from "../support/engines.ts";
import { LACKS_POSTGRES, PostgresServer } from "../support/postgres-server.ts";

const DAY_MS = 86_400_000;
const DNS_NAME = 2;

interface Made {
  readonly key: string;
  readonly cert: string;
}

/** Signed by itself. */
async function certificate(host: string, notAfterDate = new Date(Date.now() + DAY_MS)): Promise<Made> {
  const { private: key, cert } = await generate([{ name: "commonName", value: host }], {
    keyType: "ec",
    notBeforeDate: new Date(notAfterDate.getTime() - 2 * DAY_MS),
    notAfterDate,
    extensions: [{ name: "subjectAltName", altNames: [{ type: DNS_NAME, value: host }] }],
  });
  return { key, cert };
}

/** What the store says, and the session of a replica at DATABASE_DIRECT_URL. */
function refusals(url: string): Promise<readonly string[]> {
  const store = openStore({ stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl: url });
  const anchor = Anchor.open({ url, place: "the test's database", setting: "DATABASE_DIRECT_URL" });
  const openings: readonly Promise<AsyncDisposable>[] = [store, anchor];
  return Promise.all(
    openings.map((opening) =>
      opening.then(async (opened) => {
        await opened[Symbol.asyncDispose]();
        return "none";
      }, String),
    ),
  );
}

describe.skipIf(LACKS_POSTGRES)("a database that is reached over TLS", () => {
  let server: PostgresServer;
  let folder: string;
  beforeAll(async () => {
    server = await PostgresServer.start();
    folder = await mkdtemp(join(tmpdir(), "gptomni-tls-"));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** The address of a server with this certificate, for a gateway that trusts that one. */
  async function serving(own: Made, trusted = own): Promise<string> {
    await server.useCertificate(own);
    const path = join(folder, `${crypto.randomUUID()}.crt`);
    await writeFile(path, trusted.cert);
    const url = (await server.createDatabase()).replace("127.0.0.1", "localhost");
    return `${url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(path)}`;
  }

  test("gets encrypted connections only", async () => {
    const url = await serving(await certificate("localhost"));
    await using store = await openStore({ stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl: url });
    await using anchor = await Anchor.open({ url, place: "the test's database" });
    await store.assertWritable();
    const rows = await anchor.query(`
      SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = current_database()`);
    expect(rows).toEqual([{ ssl: true }]);
  });

  test("has its certificate checked where sslmode is require, too", async () => {
    const url = (await serving(await certificate("localhost"))).replace("verify-full", "require");
    expect(await refusals(url)).toEqual(["none", "none"]);
    expect(await refusals(url.replace(/&sslrootcert=.*$/, ""))).toEqual(
      naming("sslrootcert=/path/to/ca.crt in SETTING"),
    );
  });

  test("is refused where another authority signed its certificate", async () => {
    const url = await serving(await certificate("localhost"), await certificate("localhost"));
    expect(await refusals(url)).toEqual(naming("sslrootcert=/path/to/ca.crt in SETTING"));
  });

  test("is refused where its certificate is for another name", async () => {
    const url = await serving(await certificate("db.example"));
    expect(await refusals(url)).toEqual(naming("Name the server in SETTING as its certificate does"));
  });

  test("is refused where its certificate has expired", async () => {
    const url = await serving(await certificate("localhost", new Date(Date.now() - DAY_MS)));
    expect(await refusals(url)).toEqual(naming("Renew the server's certificate."));
  });

  test("is refused where the authority's file is not there", async () => {
    const url = (await serving(await certificate("localhost"))).replace(/sslrootcert=.*$/, "sslrootcert=/nowhere.crt");
    expect(await refusals(url)).toEqual(naming("Look at the files and the socket that SETTING names."));
  });
});

function naming(text: string): readonly unknown[] {
  return ["DATABASE_URL", "DATABASE_DIRECT_URL"].map(
    (name) => expect.stringContaining(text.replace("SETTING", name)) as unknown,
  );
}
