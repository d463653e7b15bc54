import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { readinessOf } from "../../src/pool/pool-status.ts";
import { LastHour } from "../../src/observe/last-hour.ts";
import { accountRow, adminParts } from "../support/admin-parts.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { fails, HELLO, says, serve } from "../support/scripted-gateway.ts";
import { GatewayError } from "../../src/errors.ts";

/** What the routes answer, as far as tests read it. */
interface View {
  readonly data: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: string;
    readonly isSecret: boolean;
    readonly doc: string;
  }[];
  readonly traffic: object;
  readonly minutes: readonly { readonly requests: number }[];
}

const DAY_MS = 86_400_000;

async function look(url: string, name: string): Promise<View> {
  const response = await fetch(`${url}/admin/api/${name}`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  expect(response.status).toBe(200);
  return (await response.json()) as View;
}

test("each setting is shown with where it comes from, and no secret is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gptomni-settings-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "admin-key"), "sk-admin-in-a-file-0123456789\n");
  const file = {
    values: { QUEUE_LIMIT: "7", PROXY_URL: "http://anna:secret-0123@proxy.example" },
    problems: [],
    warnings: [],
    path: ".env",
  };
  const config = loadConfig(
    {
      PORT: "9000",
      API_MASTER_KEY: "sk-of-callers-0123456789",
      ADMIN_KEY_FILE: join(folder, "admin-key"),
      BROWSER_ARGS: "--proxy-server=http://anna:secret-0123@proxy.example",
    },
    { file },
  );
  const { url } = await serve(says("Hello"), { settings: config.inForce });
  const list = await look(url, "settings");
  const shown = Object.fromEntries(list.data.map((row) => [row.name, [row.value, row.source, row.isSecret]]));
  expect(shown).toMatchObject({
    PORT: ["9000", "env", false],
    HOST: ["127.0.0.1", "default", false],
    QUEUE_LIMIT: ["7", "env-file", false],
    API_MASTER_KEY: ["set", "env", true],
    ADMIN_KEY: ["set", "secret-file", true],
    PROXY_URL: ["set", "env-file", true],
    SECRET_KEY: ["set", "generated", true],
    METRICS_KEY: [null, "default", true],
    BROWSER_ARGS: ["--proxy-server=http://…@proxy.example", "env", false],
  });
  expect(list.data.find(({ name }) => name === "PORT")?.doc).toContain("listen");
  expect(JSON.stringify(list)).not.toMatch(/secret-0123|sk-of-callers|sk-admin/);
});

test("the overview says whether requests can be answered, who needs a person, and how much is asked", async () => {
  const lastHour = new LastHour();
  const rows = [
    accountRow(),
    accountRow({ id: "bob", state: "expired", reason: "signed out", since: 5 }),
    accountRow({ id: "carol", expiresAt: Date.now() + DAY_MS }),
    accountRow({ id: "dave", expiresAt: Date.now() + 30 * DAY_MS }),
    accountRow({ id: "eve", state: "needs_attention", reason: "a challenge", since: 6 }),
  ];
  const failing = fails(new GatewayError("site_failed", "The site failed."));
  const parts = { ...adminParts(rows), lastHour, sinks: [lastHour] };
  const { url, post } = await serve(
    (...of) => (of[0].messages.length > 1 ? failing(...of) : says("Hello")(...of)),
    parts,
  );
  expect((await look(url, "overview")).traffic).toMatchObject({ requestsPerMinute: 0, firstTokenMs: null });
  await (await post(HELLO)).text();
  await (await post({ ...HELLO, messages: [...HELLO.messages, ...HELLO.messages] })).text();
  const overview = await look(url, "overview");
  expect(overview).toMatchObject({
    isServing: true,
    reasons: [],
    accounts: { total: 5, byState: { ready: 3, expired: 1, needs_attention: 1 } },
    attention: [
      { account: "bob", kind: "expired", reason: "signed out", at: 5 },
      { account: "carol", kind: "expires_soon" },
      { account: "eve", kind: "needs_attention" },
    ],
    traffic: {
      requestsPerMinute: 2,
      failedPerMinute: 1,
      firstTokenMs: expect.any(Number),
      openPages: 0,
      maxOpenPages: 1,
    },
  });
  expect(overview.minutes).toHaveLength(60);
  const last = overview.minutes.slice(-2).map(({ requests }) => requests);
  expect(last.reduce((sum, count) => sum + count)).toBe(2);
});

test("without an account, the overview says so", async () => {
  const { url } = await serve(says("Hello"), { readiness: () => readinessOf([], false) });
  expect(await look(url, "overview")).toMatchObject({ isServing: false, reasons: ["there is no account"] });
});

test("the queue lists who waits, in the order in which they are served", async () => {
  const caller = { keyId: "k", keyName: "anna", requestId: "req_1", isBackground: false };
  const waiting = [
    { position: 1, caller, waitedMs: 1_000.4, estimatedWaitMs: 2_000.2, leftMs: 9_000 },
    { position: 2, caller: { keyId: "k", isBackground: true }, waitedMs: 10, estimatedWaitMs: undefined, leftMs: 5 },
  ];
  const { url } = await serve(says("Hello"), {
    queue: () => ({ length: 2, estimatedWaitMs: 3_000 }),
    waiting: () => waiting,
  });
  expect(await look(url, "queue")).toEqual({
    length: 2,
    limit: 100,
    estimatedWaitMs: 3_000,
    waiting: [
      {
        position: 1,
        requestId: "req_1",
        key: "anna",
        isBackground: false,
        waitedMs: 1_000,
        estimatedWaitMs: 2_000,
        leftMs: 9_000,
      },
      { position: 2, requestId: null, key: null, isBackground: true, waitedMs: 10, estimatedWaitMs: null, leftMs: 5 },
    ],
  });
});
