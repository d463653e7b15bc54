import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { AccountPersistence } from "../../src/accounts/account-persistence.ts";
import { Accounts } from "../../src/accounts/accounts.ts";
import { Alerts } from "../../src/alerts/alerts.ts";
import { BrowserFleet } from "../../src/browser/browser-fleet.ts";
import type { ConfiguredAccount } from "../../src/credentials/configured-account.ts";
import { GatewayError } from "../../src/errors.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { SessionPool } from "../../src/pool/session-pool.ts";
import { MemoryPressure } from "../../src/process/memory-pressure.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { openStore } from "../../src/store/store.ts";
import { ADMIN_KEY } from "./api-key.ts";
import { parrotAt } from "./parrot.ts";
import { says, serve } from "./scripted-gateway.ts";

const SECRET_KEY = "a secret key of thirty-two bytes or more";
const NEVER_MS = 1_000_000_000;
const SITE = "https://chat.example.test";

/** The answers of the operator's routes, as far as tests read them. */
interface AdminBody {
  readonly [field: string]: unknown;
  readonly data: readonly { readonly id: string }[];
  readonly error: { readonly code: string; readonly param: string | null; readonly message: string };
  readonly history: readonly { readonly after: string }[];
  readonly cookies: readonly object[];
  readonly nextCursor: string | null;
}

/** The real accounts, pool and store behind the operator's routes; no browser starts, so no page opens. */
export interface AccountsWorld {
  readonly stateDir: string;
  /** Everything that was logged, a JSON line each. */
  readonly logged: readonly string[];
  /** Takes over a list of the settings or the file. */
  configure(list: readonly ConfiguredAccount[]): Promise<void>;
  /** Asks a route below `/admin/api`. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: AdminBody }>;
  ids(): Promise<string[]>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function openAccounts(): Promise<AccountsWorld> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-accounts-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const logged: string[] = [];
  let running = await start(stateDir, logged);
  let isRunning = true;
  const stop = async (): Promise<void> => {
    if (isRunning) await running.stop();
    isRunning = false;
  };
  onTestFinished(stop);
  const ask: AccountsWorld["ask"] = async (method, path, body) => {
    const response = await fetch(`${running.url}/admin/api${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as AdminBody };
  };
  return {
    stateDir,
    logged,
    configure: (list) => running.accounts.configure(list),
    ask,
    ids: async () => (await ask("GET", "/accounts")).body.data.map(({ id }) => id),
    stop,
    restart: async () => {
      await stop();
      running = await start(stateDir, logged);
      isRunning = true;
      await running.accounts.configure([]);
    },
  };
}

async function start(stateDir: string, logged: string[]) {
  const redaction = new Redaction();
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged.push(chunk.toString());
      done();
    },
  });
  const log = createLog({ level: "debug", format: "json", redaction }, sink);
  const sites = new Sites([gptomni(new URL(SITE)), parrotAt(new URL("https://parrot.example.test"))]);
  const none = new GatewayError("browser_unavailable", "There is no browser here.");
  const browsers = new BrowserFleet(
    { isLocal: true, capacity: 100, open: () => Promise.reject(none) },
    { accountsPerBrowser: 8, maxOpenSessions: 100 },
    log,
  );
  const store = await openStore({ stateDir, secretKey: SECRET_KEY });
  const persistence = new AccountPersistence(store.accounts, log, {
    keepRemovedMs: NEVER_MS,
    tryWriting: async () => {},
  });
  const pool = new SessionPool(
    {
      limit: 100,
      timeoutMs: NEVER_MS,
      leaseLimitMs: NEVER_MS,
      hibernateAfterMs: NEVER_MS,
      renewBeforeMs: 0,
      expiresSoonMs: 0,
      probeAfterMs: NEVER_MS,
      maxOpenSessions: 100,
      memory: new MemoryPressure({ usedShare: () => 0 }),
    },
    log,
  );
  const options = {
    rateLimit: { count: 2, windowMs: 60_000 },
    challengeTimeoutMs: 1,
    maxReplyBytes: 1,
    renewAfterRequests: 1,
  };
  const alerts = new Alerts({ targets: [], quietHours: undefined, expiryMs: 0 }, { log, record: () => {} });
  const parts = { pool, browsers, store, persistence, sites, log, redaction, options, alerts };
  const accounts = await Accounts.open(parts);
  const { url } = await serve(says("Hello"), { accounts: accounts.control });
  const stop = async (): Promise<void> => {
    await pool[Symbol.asyncDispose]();
    await persistence[Symbol.asyncDispose]();
    await browsers[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  return { url, accounts, stop };
}
