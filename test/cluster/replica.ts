import { tmpdir } from "node:os";
import { Writable } from "node:stream";
import type { AccountManager, PlacedAccount } from "../../src/accounts/account-manager.ts";
import { Cluster } from "../../src/cluster/cluster.ts";
import type { OwnedAccounts } from "../../src/cluster/owned-accounts.ts";
import { signInKey } from "../../src/credentials/account-identity.ts";
import type { ConfiguredAccount } from "../../src/credentials/configured-account.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import type { Turn } from "../../src/browser/account-hold.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import type { StoredAccount } from "../../src/store/stored-account.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { SECRET_KEY } from "../support/engines.ts";

export const STORED: StoredAccount = {
  cookies: "[]",
  state: "idle",
  reason: "",
  since: 1_780_000_000_000,
  nextTryAt: undefined,
  failuresInARow: 0,
  sentAt: [],
};

const sites = new Sites([gptomni(new URL("https://chat.example.test"))]);

export function accountsOf(count: number, from = 0): ConfiguredAccount[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `account-${from + index}`;
    return { id, cookie: `__Secure-next-auth.session-token=${id}` };
  });
}

/** The sign-in by which the tests' accounts are stored. */
export function identityOf({ id, cookie, hold }: PlacedAccount) {
  return { id, cookie, signInKey: signInKey({ cookie }, sites), epoch: hold?.epoch };
}

/** The accounts that are in use, without browsers: one that is asked leaves after its answer. */
class Users implements Pick<AccountManager, "apply" | "gone"> {
  readonly inUse = new Map<string, PlacedAccount>();
  readonly #answers = new Map<string, Promise<void>>();

  async apply(list: readonly PlacedAccount[]): Promise<void> {
    const wanted = new Map(list.map((account) => [account.id, account]));
    for (const { id, hold } of this.inUse.values()) if (wanted.get(id)?.hold !== hold) this.inUse.delete(id);
    for (const account of list) {
      await this.#answers.get(account.id);
      this.inUse.set(account.id, account);
    }
  }

  async gone(id: string): Promise<void> {
    await this.#answers.get(id);
  }

  answering(id: string, answer: Promise<void>): void {
    this.#answers.set(id, answer);
  }
}

export interface ReplicaOptions {
  readonly databaseUrl: string;
  /** PostgreSQL itself, if the other is a pooler. */
  readonly directUrl?: string | undefined;
  readonly weight?: number;
  readonly url?: string;
  /** Stores what is not stored yet of its accounts; whether it could. */
  readonly flush?: () => Promise<boolean>;
}

/** A prompt that the site works on. */
export interface Prompt {
  readonly accountId: string;
  readonly turn: Turn;
  /** The answer is over. */
  readonly finish: () => void;
}

/** What a gateway does with its database and its accounts, without sites and browsers. */
export class Replica implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly store: Store;
  readonly logged: string[];
  readonly #owned: OwnedAccounts;
  readonly #users = new Users();

  private constructor(cluster: Cluster, store: Store, logged: string[], flush = async () => true) {
    this.cluster = cluster;
    this.store = store;
    this.logged = logged;
    this.#owned = cluster.owning({
      manager: this.#users,
      persistence: { distrustStore: () => {}, flush },
    });
  }

  static async open({ databaseUrl, directUrl, weight = 10, url, flush }: ReplicaOptions): Promise<Replica> {
    const logged: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged.push(chunk.toString());
        done();
      },
    });
    const log = createLog({ level: "info", format: "json", redaction: new Redaction() }, sink);
    await using opened = new AsyncDisposableStack();
    const store = opened.use(await openStore({ stateDir: tmpdir(), secretKey: SECRET_KEY, databaseUrl, directUrl }));
    const database = { url: directUrl ?? databaseUrl, place: "the test's database" };
    const cluster = await Cluster.open(
      { database, url, weight, port: 0, secretKey: SECRET_KEY },
      { store, sites, log },
    );
    opened.move();
    return new Replica(cluster, store, logged, flush);
  }

  /** One that has joined the others and uses its share of the accounts. */
  static async start(options: ReplicaOptions, accounts: readonly ConfiguredAccount[]): Promise<Replica> {
    const replica = await Replica.open(options);
    await replica.cluster.join();
    await replica.use(accounts);
    return replica;
  }

  /** Takes over a list of all accounts. */
  async use(accounts: readonly ConfiguredAccount[]): Promise<void> {
    await this.#owned.apply(accounts);
  }

  /** The accounts in use here. */
  get ids(): string[] {
    return [...this.#users.inUse.keys()].toSorted();
  }

  account(id: string): PlacedAccount {
    const account = this.#users.inUse.get(id);
    if (!account) throw new Error(`${id} is not in use here`);
    return account;
  }

  /** Asks the site with an account of this replica. */
  async ask(accountId: string, turnId: string = crypto.randomUUID()): Promise<Prompt> {
    const { hold } = this.account(accountId);
    if (!hold) throw new Error(`${accountId} has no hold`);
    hold.assertHeld();
    const turn = await hold.begin(turnId, AbortSignal.timeout(60_000));
    const over = Promise.withResolvers<void>();
    this.#users.answering(accountId, over.promise);
    turn.signal.addEventListener("abort", () => over.resolve());
    return {
      accountId,
      turn,
      finish: () => {
        turn.end();
        over.resolve();
      },
    };
  }

  /** Whether what is known of an account could be stored. */
  save(account: PlacedAccount, stored: Partial<StoredAccount> = {}): Promise<boolean> {
    return this.store.accounts.save(identityOf(account), { ...STORED, ...stored });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}
