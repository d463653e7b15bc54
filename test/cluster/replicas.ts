import { onTestFinished } from "vitest";
import type { Session } from "../../src/browser/session.ts";
import type { ChatRequest, ReplyPart } from "../../src/chat.ts";
import type { ClusterPlaces } from "../../src/cluster/cluster-places.ts";
import { clusterKeyOf } from "../../src/cluster/exchange-auth.ts";
import { InternalServer } from "../../src/cluster/internal-server.ts";
import type { KnownPeer } from "../../src/cluster/peers.ts";
import { PROTOCOL } from "../../src/cluster/protocol.ts";
import { Routing } from "../../src/cluster/routing.ts";
import { Gateway, type Reply } from "../../src/gateway.ts";
import { LocalPlaces, type LocalPlacesParts } from "../../src/places/local-places.ts";
import { Account } from "../../src/pool/account.ts";
import { RateLimiter, type RateLimit } from "../../src/pool/rate-limiter.ts";
import type { Caller } from "../../src/pool/request-queue.ts";
import { SessionPool } from "../../src/pool/session-pool.ts";
import { MemoryPressure } from "../../src/process/memory-pressure.ts";
import type { Site } from "../../src/sites/site.ts";
import { SharedDatabase, type Turns } from "./shared-database.ts";
import { Wire } from "./wire.ts";

const NEVER_MS = 1_000_000_000;
const SITE = "scripted";

/** What the site says to a prompt, and which account it says it to. */
export type Script = (
  prompt: string,
  account: string,
  signal: AbortSignal,
) => AsyncGenerator<ReplyPart, void, undefined>;

/** A prompt that the site got. */
export interface Post {
  readonly account: string;
  readonly prompt: string;
}

export interface ClusterOptions {
  /** The names of the accounts of each replica. */
  readonly accounts: readonly (readonly string[])[];
  readonly script?: Script;
  readonly rateLimit?: RateLimit;
  readonly queueLimit?: number;
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
  readonly everyMs?: number;
  readonly silentMs?: number;
  /** Accounts whose page sleeps when they are idle. All of a replica's accounts or none. */
  readonly asleep?: readonly string[];
  /** The names of accounts that no replica has in use. */
  readonly unowned?: readonly string[];
}

export interface Replica {
  readonly id: string;
  readonly pool: SessionPool;
  readonly places: ClusterPlaces;
  readonly server: InternalServer;
  readonly gateway: Gateway;
  readonly routing: Routing;
  /** How peers reach it. */
  readonly wire: Wire;
  /** What its row in the database says. Peers see each change. */
  peer: KnownPeer;
  /** Asks at this door. */
  ask(prompt: string, options?: AskOptions): Reply;
  /** The same, read to its end. */
  text(prompt: string, options?: AskOptions): Promise<string>;
  /** Ends it as a killed process ends: its sockets close. */
  kill(): Promise<void>;
  /** Takes an account into use. */
  take(name: string): Promise<void>;
}

export interface AskOptions {
  readonly caller?: Partial<Caller>;
  readonly signal?: AbortSignal;
}

export interface Cluster {
  /** One for each list of accounts. */
  readonly replicas: readonly [Replica, Replica, Replica, ...Replica[]];
  /** What the site got, in order. */
  readonly posts: Post[];
  /** The pages that opened, by account, in order. */
  readonly opened: string[];
  /** The most prompts that an account had at the same time. */
  readonly overlap: () => number;
  readonly logged: object[];
  readonly database: SharedDatabase;
}

export const echo: Script = async function* (prompt) {
  yield { type: "text-delta", text: `You said: ${prompt}` };
  yield { type: "end", finishReason: "stop" };
};

/** Replicas with real pools, queues and internal listeners in one process; the site and the pages are scripted. */
export async function openCluster({ accounts, script = echo, ...options }: ClusterOptions): Promise<Cluster> {
  const database = new SharedDatabase([...accounts.flat(), ...(options.unowned ?? [])], SITE);
  const shared = { posts: [] as Post[], opened: [] as string[], logged: [] as object[], database };
  const running = new Map<string, number>();
  let overlap = 0;
  const site = {
    name: SITE,
    async *reply(fetch: unknown, { messages }: ChatRequest, signal: AbortSignal) {
      const send = fetch as (request: object, signal: AbortSignal) => Promise<{ readonly status: string }>;
      const prompt = messages[0]?.text ?? "";
      const { status: account } = await send({ path: "/", method: "POST", headers: {}, body: prompt }, signal);
      shared.posts.push({ account, prompt: prompt.slice(0, 40) });
      const now = (running.get(account) ?? 0) + 1;
      running.set(account, now);
      overlap = Math.max(overlap, now);
      try {
        yield* script(prompt, account, signal);
      } finally {
        running.set(account, (running.get(account) ?? 0) - 1);
      }
    },
  } as unknown as Site;
  const peers: { peer: KnownPeer }[] = [];
  const replicas: Replica[] = [];
  // In order, so that doors know them in order.
  for (const [index, names] of accounts.entries()) {
    const replica = await openReplica(`replica-${index + 1}`, names, { site, peers, shared, options });
    replicas.push(replica);
    peers.push(replica);
  }
  return { replicas: replicas as unknown as Cluster["replicas"], overlap: () => overlap, ...shared };
}

interface ReplicaParts {
  readonly site: Site;
  readonly peers: { peer: KnownPeer }[];
  readonly shared: Pick<Cluster, "opened" | "logged" | "database">;
  readonly options: Omit<ClusterOptions, "accounts" | "script">;
}

async function openReplica(id: string, names: readonly string[], parts: ReplicaParts): Promise<Replica> {
  const { site, peers, shared, options } = parts;
  const note = (fields: object): void => void shared.logged.push(fields);
  const log = { debug() {}, info() {}, warn() {}, error: note };
  const server = await InternalServer.listen({ host: "127.0.0.1", port: 0 });
  const wire = await Wire.to(server.port);
  const own = { id, url: `http://127.0.0.1:${wire.port}`, token: `token of ${id}` };
  const peer: KnownPeer = { ...own, protocol: PROTOCOL, isLive: true, weight: 10, isDraining: false, version: "1" };
  /** As the database shows it. */
  const row = { peer };
  const directory = shared.database.directoryOf(row, peers);
  const { timeoutMs = 60_000, queueLimit = 1_000, maxBodyBytes = 1_000_000, silentMs } = options;
  const limits = { timeoutMs, maxBodyBytes, maxReplyBytes: 1_000_000 };
  const seat = { directory, server, key: clusterKeyOf("a secret key that all replicas have") };
  const routing = new Routing(seat, { everyMs: options.everyMs ?? 20, silentMs, ...limits }, log as never);
  const isSleepy = names.some((name) => options.asleep?.includes(name));
  const poolOptions = {
    hibernateAfterMs: isSleepy ? 1 : NEVER_MS,
    renewBeforeMs: 0,
    probeAfterMs: NEVER_MS,
    leaseLimitMs: NEVER_MS,
    expiresSoonMs: 0,
    limit: queueLimit,
    timeoutMs,
    maxOpenSessions: 100,
    memory: new MemoryPressure({ usedShare: () => 0 }),
    distant: routing,
  };
  const pool = new SessionPool(poolOptions, log as never);
  const take = async (name: string): Promise<void> => {
    const session = scriptedSession(name, shared);
    const rateLimiter = new RateLimiter(options.rateLimit);
    shared.database.byAccount.set(name, id);
    await pool.add(new Account({ id: name, site: SITE, session, rateLimiter, events: pool.events }));
  };
  for (const name of names) await take(name);
  const sites = { siteOf: () => site };
  const placeParts = { pool, sites, limits: { firstPartTimeoutMs: 60_000, gapTimeoutMs: 60_000 }, replicaId: id };
  const local = new TurningPlaces(placeParts, shared.database.turns);
  const places = routing.serve({ local, share: pool.share });
  const gateway = new Gateway(places, sites);
  const ask = (prompt: string, { caller, signal = new AbortController().signal }: AskOptions = {}): Reply => {
    const request = { model: "m", messages: [{ role: "user" as const, text: prompt }], boundary: "123456789" };
    return gateway.reply(request, { keyId: "key", isBackground: false, ...caller }, signal);
  };
  const text = async (prompt: string, askOptions?: AskOptions): Promise<string> => {
    let answer = "";
    for await (const part of ask(prompt, askOptions)) if (part.type === "text-delta") answer += part.text;
    return answer;
  };
  const kill = async (): Promise<void> => {
    routing[Symbol.dispose]();
    await wire[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  onTestFinished(async () => {
    await kill();
    await pool[Symbol.asyncDispose]();
  });
  return Object.assign(row, { id, pool, places, server, gateway, routing, wire, ask, text, kill, take });
}

/** The places of a replica that tells the database what it is about to send. */
class TurningPlaces extends LocalPlaces {
  readonly #turns: Turns;

  constructor(parts: LocalPlacesParts, turns: Turns) {
    super(parts);
    this.#turns = turns;
  }

  override async acquire(...wanted: Parameters<LocalPlaces["acquire"]>): ReturnType<LocalPlaces["acquire"]> {
    const place = await super.acquire(...wanted);
    this.#turns.begin(place);
    return place;
  }
}

/** A page whose site is the script: a request's status is the account's name. */
function scriptedSession(name: string, { opened, database: { turns } }: ReplicaParts["shared"]): Session {
  const page = { isOpen: false };
  const stub = {
    get isOpen() {
      return page.isOpen;
    },
    options: {},
    get holdsPage() {
      return page.isOpen;
    },
    authCookies: { expiresAt: undefined, confirm: () => {} },
    onLost: () => {},
    keepCookies: async () => {},
    isQuiet: async () => true,
    wornBy: async () => undefined,
    checkSignIn: async () => {},
    closePage: async () => void (page.isOpen = false),
    sleep: async () => void (page.isOpen = false),
    explain: async (error: Error) => error,
    open: async () => {
      opened.push(name);
      page.isOpen = true;
    },
    ping: async () => {},
    fetch: async () => {
      turns.send(name);
      return { status: name, headers: {}, body: (async function* () {})() };
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return stub as unknown as Session;
}
