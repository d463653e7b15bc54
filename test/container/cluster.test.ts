import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { API_KEY, ask, buildImage, composeWith, engine, expectAnswer, untilReady } from "./engine.ts";

/** `docker compose --profile cluster up --scale gateway=3`, with the simulated site in a container of its own. */
const GATEWAYS = 3;
const ACCOUNTS = 12;
const baseUrl = "http://127.0.0.1:18091";
const SETTINGS = {
  COMPOSE_PROJECT_NAME: "gptomni-cluster-test",
  NGINX_PORT: "18091",
  CONSOLE_PORT: "18092",
  POSTGRES_PASSWORD: "container-test",
  DATABASE_URL: "postgres://gateway:container-test@postgres:5432/gateway",
  SECRET_KEY: "a secret key of the container test, of thirty-two bytes or more",
  MAX_OPEN_SESSIONS: "4",
};

let compose = composeWith("cluster.yml", SETTINGS);

/** The site's own settings, which it tells when it starts. */
async function siteSettings(): Promise<Readonly<Record<string, string>>> {
  const line = await vi.waitFor(
    async () => {
      const lines = (await compose("logs", "--no-log-prefix", "--no-color", "site")).split("\n");
      // Compose puts an escape sequence before a line.
      const told = lines.map((one) => /\{.*\}/.exec(one)?.[0]).find((one) => one !== undefined);
      if (told === undefined) throw new Error(`the site has told nothing: ${lines.join("\n")}`);
      return told;
    },
    { timeout: 60_000, interval: 500 },
  );
  return JSON.parse(line) as Readonly<Record<string, string>>;
}

async function containersOf(service: string): Promise<readonly string[]> {
  return (await compose("ps", "-q", service)).split("\n").filter((id) => id !== "");
}

/** The first column of the rows. */
async function query(sql: string): Promise<ReadonlySet<string>> {
  const rows = await compose("exec", "-T", "postgres", "psql", "-Atc", sql, SETTINGS.DATABASE_URL);
  return new Set(rows.split("\n"));
}

/** Which gateways had the accounts that answered. */
async function answerers(requests: number): Promise<ReadonlySet<string>> {
  const asked = Array.from({ length: requests }, () => expectAnswer(baseUrl));
  const responses = await Promise.all(asked);
  return new Set(responses.map(({ headers }) => headers.get("x-gateway-replica") ?? "none"));
}

/** Every page was closed when its gateway lost PostgreSQL; a busy machine takes its time to open one. */
const REOPENED = { timeout: 240_000, interval: 1_000 };

async function statusOfAnswer(): Promise<number> {
  return (await ask(baseUrl, { messages: [{ role: "user", content: "Hello" }] })).status;
}

beforeAll(async () => {
  await buildImage();
  await compose("up", "-d", "--no-build", "site");
  compose = composeWith("cluster.yml", { ...SETTINGS, ...(await siteSettings()) });
  await compose("--profile", "cluster", "up", "-d", "--no-build", "--no-recreate", "--scale", `gateway=${GATEWAYS}`);
  await untilReady(baseUrl);
});
afterAll(async () => {
  await compose("--profile", "cluster", "down", "-v", "-t", "10");
});

describe("docker compose --profile cluster", () => {
  test("answers with the accounts of every gateway that owns some", async () => {
    expect(await containersOf("gateway")).toHaveLength(GATEWAYS);
    const owners = "SELECT DISTINCT owner FROM account_owner WHERE owner IS NOT NULL";
    await expect
      .poll(async () => (await answerers(2 * ACCOUNTS)).symmetricDifference(await query(owners)))
      .toEqual(new Set());
    expect((await query(owners)).size).toBeGreaterThan(1);
  });

  test("nothing but the gateways reaches PostgreSQL", async () => {
    const connect = "exec 3<>/dev/tcp/postgres/5432";
    await expect(compose("exec", "-T", "nginx", "bash", "-c", connect)).rejects.toThrow(/name resolution|not known/);
    expect(await query("SELECT 1")).toEqual(new Set(["1"]));
  });

  test("a gateway that is gone costs one later request at most, and the others take its accounts", async () => {
    const [victim = ""] = await containersOf("gateway");
    await engine("stop", "--time", "0", victim);
    const statuses: number[] = [];
    for (let request = 0; request < ACCOUNTS; request += 1) {
      statuses.push(await statusOfAnswer());
    }
    // nginx gives a request up if the name's addresses change while it connects to the one that is gone.
    const given = statuses.filter((status) => status === 502);
    expect([given.length <= 1, statuses.filter((status) => status !== 502 && status !== 200)]).toEqual([true, []]);
    const owned = "SELECT count(*) FROM account_owner JOIN replica ON account_owner.owner = replica.id";
    await expect.poll(() => query(owned)).toEqual(new Set([String(ACCOUNTS)]));
    await expectAnswer(baseUrl);
    await engine("start", victim);
  });

  test("serves again after PostgreSQL was restarted", async () => {
    await compose("--profile", "cluster", "restart", "postgres");
    await expect.poll(statusOfAnswer, REOPENED).toBe(200);
  });

  test("streams through nginx and a peer piece by piece", async () => {
    await expect.poll(statusOfAnswer, REOPENED).toBe(200);
    const content = '@sim {"chunks":6,"chunkDelayMs":200,"chunkText":"tick "}';
    const streams = Array.from({ length: ACCOUNTS }, async () => {
      const response = await fetch(`${baseUrl}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "gptomni", stream: true, messages: [{ role: "user", content }] }),
      });
      let pieces = 0;
      for await (const bytes of response.body ?? []) pieces += Buffer.from(bytes).includes("tick") ? 1 : 0;
      return pieces;
    });
    for (const pieces of await Promise.all(streams)) expect(pieces).toBeGreaterThanOrEqual(4);
  });
});
