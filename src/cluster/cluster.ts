import { randomBytes } from "node:crypto";
import { signInKey, type KnownSites } from "../credentials/account-identity.ts";
import type { Log } from "../observe/log.ts";
import { version } from "../process/version.ts";
import type { AccountStore } from "../store/account-store.ts";
import type { StoreClock } from "../store/database-clock.ts";
import type { ArrivingAccount } from "../pool/distant-account.ts";
import type { AnchorOptions } from "./anchor.ts";
import { Arrivals, COMES_WITHIN_MS, type Sought } from "./arrivals.ts";
import type { Directory } from "./directory.ts";
import { clusterKeyOf } from "./exchange-auth.ts";
import type { Beat, ReplicaState, RunningTurn } from "./heartbeat.ts";
import { InternalServer } from "./internal-server.ts";
import { Membership } from "./membership.ts";
import { Owners } from "./owners.ts";
import { OwnedAccounts, type OwnedAccountsParts } from "./owned-accounts.ts";
import type { KnownPeer } from "./peers.ts";
import { PROTOCOL } from "./protocol.ts";
import { newReplicaId } from "./replica-id.ts";
import type { ClusterSeat } from "./routing.ts";
import { Seats } from "./seats.ts";
import { Turns } from "./turns.ts";

export interface ClusterOptions {
  readonly database: AnchorOptions;
  /** Where peers reach this replica; by the address at which it reaches the database, unless given. */
  readonly url: string | undefined;
  /** Where its listener for them is; 0 for any free port. */
  readonly port: number;
  /** By which replicas know each other. */
  readonly secretKey: string;
  /** How many pages it may open: it gets so many accounts, beside the others. 0 for none. */
  readonly weight: number;
}

export interface ClusterParts {
  readonly store: { readonly accounts: Pick<AccountStore, "keyOf">; readonly clock: StoreClock };
  readonly sites: KnownSites;
  readonly log: Log;
}

type OwnState = { -readonly [Name in keyof ReplicaState]: ReplicaState[Name] };

const TOKEN_BYTES = 32;

/** This replica, and what it knows of the others. Nobody knows of it before it has joined. */
export class Cluster implements Directory, AsyncDisposable {
  readonly clock: StoreClock;
  /** What becomes of prompts, wherever they were to be sent. */
  readonly turns: Pick<Turns, "wasSent">;
  readonly #options: ClusterOptions;
  readonly #server: InternalServer;
  readonly #log: Log;
  readonly #keyOf: OwnedAccountsParts["keyOf"];
  readonly #state: OwnState;
  readonly #membership: Membership;
  readonly #owners = new Owners();
  readonly #seats: Seats;
  readonly #arrivals: Arrivals;
  readonly #turns: Turns;
  #owned: OwnedAccounts | undefined;
  #joinedMs = Infinity;
  #hasItsShare = false;

  private constructor(state: OwnState, membership: Membership, parts: ClusterParts & OpenedParts) {
    const { options, server, store, sites, log } = parts;
    this.#options = options;
    this.#server = server;
    this.#log = log;
    this.#state = state;
    this.#membership = membership;
    const shared = { peers: membership.peers, owners: this.#owners, clock: store.clock };
    this.#seats = new Seats(() => state, membership.peers, this.#owners);
    this.#arrivals = new Arrivals({ ...shared, own: state, usualSite: sites.names[0] ?? "" });
    this.#turns = new Turns(membership, state.id);
    this.turns = this.#turns;
    this.clock = store.clock;
    this.#keyOf = (account) => store.accounts.keyOf({ signInKey: signInKey(account, sites) });
  }

  /** @throws StoreError: the database is out of reach, takes no writes, or is behind a pooler that loses locks. */
  static async open(options: ClusterOptions, parts: ClusterParts): Promise<Cluster> {
    const { weight, database } = options;
    const state: OwnState = {
      id: newReplicaId(),
      url: "",
      token: randomBytes(TOKEN_BYTES).toString("hex"),
      version: version(),
      protocol: PROTOCOL,
      weight,
      isDraining: false,
    };
    await using opened = new AsyncDisposableStack();
    const shared = { database, clock: parts.store.clock, log: parts.log };
    const membership = opened.use(await Membership.open(() => state, shared));
    const host = membership.localAddress.includes(":") ? "::" : "0.0.0.0";
    const server = opened.use(await InternalServer.listen({ host, port: options.port }));
    opened.move();
    return new Cluster(state, membership, { ...parts, options, server });
  }

  /** What routing needs: who the others are, where they ask, and how they are known. */
  get seat(): ClusterSeat {
    return { directory: this, server: this.#server, key: clusterKeyOf(this.#options.secretKey) };
  }

  get replicaId(): string {
    return this.#state.id;
  }

  /** Who knows it may ask this replica. It is another one after each start. */
  get token(): string {
    return this.#state.token;
  }

  /** Another list after each heartbeat. */
  get peers(): readonly KnownPeer[] {
    return this.#membership.peers.all;
  }

  /** The database has not answered for a while, or the session in it was lost: no prompt is sent from here. */
  get isFenced(): boolean {
    return this.#membership.isFenced;
  }

  /** It ends soon. */
  get isDraining(): boolean {
    return this.#state.isDraining;
  }

  get heartbeatAgeMs(): number {
    return this.#membership.heartbeatAgeMs;
  }

  /** How often the accounts could not be used here, by cause. */
  get fences(): ReadonlyMap<string, number> {
    return this.#membership.fences;
  }

  /** How many accounts this replica has. */
  get ownedAccounts(): number {
    return this.#owned?.count ?? 0;
  }

  /** The id of the replica that has the account, which may be this one; undefined if none has it. */
  ownerOf(accountId: string): string | undefined {
    return this.#owners.byAccount.get(accountId);
  }

  /** Accounts that no replica has in use, and that one is about to. */
  arriving(sought: Sought): readonly ArrivingAccount[] {
    return this.#arrivals.of(this.#owned?.listed ?? [], sought);
  }

  /** Accounts that are to be here are on their way, for the first time since it joined. */
  get isJoining(): boolean {
    const isLate = performance.now() - this.#joinedMs > COMES_WITHIN_MS;
    this.#hasItsShare ||= isLate || this.#owned?.isShort === false;
    return !this.#hasItsShare;
  }

  /** What is between the list of all accounts and the accounts in use here. Call it once, before `join`. */
  readonly owning = (parts: Pick<OwnedAccountsParts, "manager" | "persistence">): OwnedAccounts => {
    const { replicaId } = this;
    const shared = { membership: this.#membership, seats: this.#seats, turns: this.#turns };
    this.#owned = new OwnedAccounts({ ...parts, ...shared, replicaId, keyOf: this.#keyOf, log: this.#log });
    return this.#owned;
  };

  /** Tells the others of this replica. @throws StoreError */
  async join(): Promise<void> {
    const { localAddress } = this.#membership;
    const host = localAddress.includes(":") ? `[${localAddress}]` : localAddress;
    this.#state.url = this.#options.url ?? `http://${host}:${this.#server.port}`;
    await this.#membership.join({
      running: () => this.#turns.running,
      onBeat: (beat, asked) => this.#beaten(beat, asked),
      onRejoin: async (standing) => this.#owned?.holdAgain(standing),
      onCutOff: () => this.#cutOff(),
    });
    this.#joinedMs = performance.now();
    this.#log.info(
      { replica: this.replicaId, url: this.#state.url, peers: this.peers.length },
      "joined the other replicas",
    );
  }

  /** Takes no account any more, and gives up each one as soon as its answer is over, or all when the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#state.isDraining = true;
    await this.#membership.tell();
    await this.#owned?.settle();
    await this.#owned?.whenEmpty(signal).catch(() => {});
  }

  /** Gives up everything at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#turns.flush();
    await this.#membership[Symbol.asyncDispose]();
  }

  #beaten(beat: Beat, asked: { readonly askedMs: number; readonly turns: readonly RunningTurn[] }): void {
    this.#turns.beaten(beat, asked);
    const followed = this.#owners.follow(beat, this.peers, this.#membership.standing?.anchor);
    void followed.then(() => this.#owned?.settle());
  }

  #cutOff(): void {
    this.#turns.lose("the database does not answer");
    this.#owned?.lose();
  }
}

interface OpenedParts {
  readonly options: ClusterOptions;
  readonly server: InternalServer;
}
