import fc from "fast-check";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { BrowserContext } from "playwright";
import { expect, test } from "vitest";
import { checkAccount } from "../../src/doctor/account-check.ts";
import { Alerts } from "../../src/alerts/alerts.ts";
import type { BrowserFleet } from "../../src/browser/browser-fleet.ts";
import type { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import type { StoredCookies } from "../../src/browser/cookies.ts";
import type { AuthCookies } from "../../src/browser/auth-cookies.ts";
import { readAccountsFile } from "../../src/accounts/accounts-file.ts";
import { GatewayError } from "../../src/errors.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import type { SessionPool } from "../../src/pool/session-pool.ts";
import { AccountEvents } from "../../src/pool/account-event.ts";
import type { Account } from "../../src/pool/account.ts";
import { AccountManager } from "../../src/accounts/account-manager.ts";
import { AccountPersistence } from "../../src/accounts/account-persistence.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { openStore, type Store } from "../../src/store/store.ts";

const TOKEN = "__Secure-next-auth.session-token";
const site = gptomni(new URL("https://chat.example.test"));
const sites = new Sites([site]);
const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
const secretKey = "a secret key of thirty-two bytes or more";
const KEEP_MS = 86_400_000;
/** Each opens about six stores, and a store starts a thread. The seed is another one each time. */
const RUNS = 25;
/** A busy machine takes its time, and tries no fewer. */
const TRYING_LIMIT_MS = 300_000;

/** A site whose tokens hold once: each use gives the next one, and a used one signs nobody in. */
class TokenSite {
  readonly #uses = new Map<string, number>();

  /** As the operator copies it, before anybody used it. */
  firstToken(account: string): string {
    return `${account}-0`;
  }

  use(token: string): string {
    const [account = "", count = ""] = token.split("-");
    const uses = this.#uses.get(account) ?? 0;
    if (Number(count) !== uses) throw new GatewayError("account_signed_out", `${account}: use ${count} of ${uses}`);
    this.#uses.set(account, uses + 1);
    return `${account}-${uses + 1}`;
  }
}

function place({ name, domain, path }: StoredCookies[number]): string {
  return JSON.stringify([name, domain, path]);
}

/** A context's cookies, by the rules that sign-ins depend on: one a place, and what is over goes. */
function cookieJar(): BrowserContext {
  const jar = new Map<string, StoredCookies[number]>();
  const context: Pick<BrowserContext, "cookies" | "on"> & { addCookies(cookies: StoredCookies): Promise<void> } = {
    cookies: async () => [...jar.values()] as Awaited<ReturnType<BrowserContext["cookies"]>>,
    addCookies: async (cookies) => {
      for (const cookie of cookies) {
        if (cookie.expires === 1) jar.delete(place(cookie));
        else jar.set(place(cookie), cookie);
      }
    },
    on: () => context as BrowserContext,
  };
  return context as BrowserContext;
}

/** Opens the site in a new context, is given the next token, and notices it. */
async function use(tokens: TokenSite, signIn: AuthCookies): Promise<void> {
  const context = cookieJar();
  await signIn.applyTo(context);
  const cookies = await context.cookies();
  const token = cookies.find(({ name }) => name === TOKEN)?.value ?? "";
  const [next, common] = [tokens.use(token), { domain: site.origin.hostname, path: "/", httpOnly: true }];
  await context.addCookies([{ ...common, name: TOKEN, value: next, secure: true, sameSite: "Lax" }]);
  await signIn.captureFrom(context);
}

/** The gateway's accounts without its browsers: what is configured, what is stored, and who is in use. */
class Running {
  readonly accounts = new Map<string, Account>();
  readonly #store: Store;
  readonly #persistence: AccountPersistence;
  readonly #manager: AccountManager;

  private constructor(store: Store) {
    this.#store = store;
    this.#persistence = new AccountPersistence(store.accounts, log, {
      keepRemovedMs: KEEP_MS,
      tryWriting: async () => {},
    });
    const pool: Pick<SessionPool, "add" | "remove" | "refuseUnservable" | "events"> = {
      events: new AccountEvents(),
      refuseUnservable: () => {},
      add: async (...added) => {
        for (const account of added) this.accounts.set(account.id, account);
      },
      remove: async (id) => {
        const account = this.accounts.get(id);
        account?.retire();
        await turn();
        this.accounts.delete(id);
      },
    };
    const browsers: Pick<BrowserFleet, "assign" | "release"> = {
      assign: () => ({}) as BrowserSupervisor,
      release: async () => {},
    };
    this.#manager = new AccountManager({
      pool: pool as SessionPool,
      browsers: browsers as BrowserFleet,
      persistence: this.#persistence,
      sites,
      options: { challengeTimeoutMs: 1, maxReplyBytes: 1, renewAfterRequests: 1, rateLimit: undefined },
      alerts: new Alerts({ targets: [], quietHours: undefined, expiryMs: 0 }, { log, record: () => {} }),
      log,
      redaction: new Redaction(),
    });
  }

  static async start(stateDir: string): Promise<Running> {
    return new Running(await openStore({ stateDir, secretKey }));
  }

  /** As the command does it: no list at all changes nothing, and neither does a wrong one. */
  async reload(file: string): Promise<void> {
    const list = await readAccountsFile(file, sites).catch(() => undefined);
    if (list) await this.#manager.apply(list);
  }

  async stop(): Promise<void> {
    await this.#persistence[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  /** The process ends without a word, after the newest tokens were written: that begins at once, in another thread. */
  async kill(): Promise<void> {
    await this.#persistence.flush();
    await this.#store[Symbol.asyncDispose]();
  }
}

const ACCOUNTS = ["anna", "ben", "carol"];
type Step =
  | { readonly do: "edit"; readonly who: readonly string[]; readonly form: "plain" | "named" | "more" }
  | { readonly do: "spoil"; readonly text: string }
  | { readonly do: "ask" | "restart" | "kill" | "startWithoutList" | "doctor" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("edit" as const),
    who: fc.shuffledSubarray(ACCOUNTS),
    form: fc.constantFrom("plain" as const, "named" as const, "more" as const),
  }),
  fc.record({ do: fc.constant("spoil" as const), text: fc.constantFrom("", "\n", "\ufeff", "[", '["a=b', "[]", "{}") }),
  fc.record({
    do: fc.constantFrom("ask", "ask", "restart", "kill", "startWithoutList", "doctor") as fc.Arbitrary<"ask">,
  }),
);

function listOf(tokens: TokenSite, { who, form }: Extract<Step, { do: "edit" }>): string {
  const items = who.map((name) => {
    const cookie = `${TOKEN}=${tokens.firstToken(name)}`;
    if (form === "named") return { id: `the-${name}`, cookie };
    return form === "more" ? `Cookie: theme=dark; ${cookie}` : cookie;
  });
  return JSON.stringify(items);
}

/** Plays the steps; throws when an account that is in use is signed out. */
async function play(steps: readonly Step[]): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-model-"));
  const file = join(stateDir, "accounts.json");
  const tokens = new TokenSite();
  const everybody: Step = { do: "edit", who: ACCOUNTS, form: "plain" };
  await writeFile(file, listOf(tokens, everybody));
  let running = await Running.start(stateDir);
  const again = async (): Promise<void> => {
    running = await Running.start(stateDir);
    await running.reload(file);
  };
  const askAll = async (): Promise<void> => {
    for (const account of running.accounts.values()) await use(tokens, account.session.authCookies);
  };
  await running.reload(file);
  for (const one of [...steps, everybody, { do: "ask" } as const, { do: "kill" } as const, { do: "ask" } as const]) {
    if (one.do === "edit" || one.do === "spoil") {
      await writeFile(file, one.do === "edit" ? listOf(tokens, one) : one.text);
      await running.reload(file);
    } else if (one.do === "ask") await askAll();
    else if (one.do === "doctor") {
      await running.stop();
      await using store = await openStore({ stateDir, secretKey });
      const open = (signIn: AuthCookies): Promise<void> => use(tokens, signIn);
      const list = (await readAccountsFile(file, sites).catch(() => undefined)) ?? [];
      for (const account of list) await checkAccount(account, { sites, store: store.accounts, open });
      await store[Symbol.asyncDispose]();
      await again();
    } else {
      await (one.do === "kill" ? running.kill() : running.stop());
      if (one.do === "startWithoutList") {
        running = await Running.start(stateDir);
        await running.stop();
      }
      await again();
    }
  }
  expect(running.accounts.size).toBe(ACCOUNTS.length);
  await running.stop();
  await rm(stateDir, { recursive: true });
}

test(
  "no order of edits, spoilt files, restarts, kills and doctors loses a token that holds once",
  async () => {
    const seed = Number(process.env["MODEL_SEED"] ?? Date.now() % 2 ** 31);
    console.log(`accounts model: MODEL_SEED=${seed}`);
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), play), {
      seed,
      numRuns: Number(process.env["MODEL_RUNS"] ?? RUNS),
      endOnFailure: false,
    });
  },
  TRYING_LIMIT_MS,
);
