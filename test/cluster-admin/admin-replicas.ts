import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import type { AccountRow } from "../../src/accounts/account-rows.ts";
import type { BundleReader } from "../../src/admin/looks.ts";
import { localLooks } from "../../src/admin/looks.ts";
import type { OperatorChange } from "../../src/admin/audit.ts";
import type { LiveViewRelay } from "../../src/cluster-admin/live-view-relay.ts";
import { ClusterAdmin } from "../../src/cluster-admin/cluster-admin.ts";
import { clusterKeyOf } from "../../src/cluster/exchange-auth.ts";
import { InternalServer } from "../../src/cluster/internal-server.ts";
import type { Directory, Peer } from "../../src/cluster/directory.ts";
import { PROTOCOL } from "../../src/cluster/protocol.ts";
import { Routing } from "../../src/cluster/routing.ts";
import type { RelayedViewers } from "../../src/live-view/relayed-viewers.ts";
import { LastHour } from "../../src/observe/last-hour.ts";
import { RequestFeed } from "../../src/observe/request-feed.ts";
import { AccountEvents } from "../../src/pool/account-event.ts";
import { LatestEvents } from "../../src/records/latest-events.ts";
import { accountRow, adminParts } from "../support/admin-parts.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { says, serve } from "../support/scripted-gateway.ts";

export const OPERATOR = { authorization: `Bearer ${ADMIN_KEY}` };

export interface AdminReplica {
  readonly id: string;
  readonly url: string;
  /** The accounts that it has; a test may change them. */
  readonly rows: AccountRow[];
  readonly events: AccountEvents;
  readonly changes: LatestEvents;
  readonly requests: RequestFeed;
  readonly audited: OperatorChange[];
  readonly waiting: { readonly requestId: string; readonly position: number; readonly waitedMs: number }[];
  readonly facts: { isFenced: boolean; isDraining: boolean };
  readonly internal: InternalServer;
  readonly link: Link;
  readonly relay: LiveViewRelay;
  /** How many hear of its accounts' changes. */
  readonly listeners: () => number;
  readonly get: <T>(path: string) => Promise<T>;
  readonly post: (path: string) => Promise<Response>;
}

export interface ReplicaOptions {
  readonly accounts?: readonly string[];
  readonly bundles?: BundleReader;
  readonly viewers?: RelayedViewers;
  /** What its version speaks; the others' unless given. */
  readonly protocol?: number;
}

/** What the database would tell: which accounts there are, and who has them. */
export class SharedDatabase {
  readonly listed: AccountRow[] = [];
  readonly owners = new Map<string, string>();
  readonly replicas: { readonly peer: Peer; readonly facts: { isDraining: boolean } }[] = [];
}

/** The way to a replica's listener. */
export interface Link {
  readonly url: string;
  /** Connections stand, and nothing passes any more: what a frozen process looks like. */
  freeze(): void;
  /** How many connections came, and how many bytes were sent to the replica while it is frozen. */
  readonly seen: { connections: number; frozenBytes: number };
}

/** Replicas that own what the test says, with their real routes and listeners; what a pool would do is scripted. */
export async function openReplicas(...wanted: readonly ReplicaOptions[]) {
  const database = new SharedDatabase();
  const replicas = [];
  for (const [index, options] of wanted.entries()) {
    replicas.push(await openReplica(`replica-${index + 1}`, database, options));
  }
  for (const replica of replicas) {
    const others = replicas.filter((one) => one !== replica && one.isCompatible).map(({ id }) => id);
    await expect.poll(() => replica.answering()).toEqual(others);
  }
  return { database, replicas: replicas as unknown as readonly [AdminReplica, AdminReplica, AdminReplica] };
}

async function openReplica(
  id: string,
  database: SharedDatabase,
  { accounts = [], protocol = PROTOCOL, ...options }: ReplicaOptions,
) {
  const rows = accounts.map((name) => accountRow({ id: name, source: "console" }));
  database.listed.push(...rows.map((row) => ({ ...row, state: "idle" as const })));
  for (const name of accounts) database.owners.set(name, id);
  const internal = await InternalServer.listen({ host: "127.0.0.1", port: 0 });
  const link = await linkTo(internal.port);
  const facts = { isFenced: false, isDraining: false };
  const peer = { id, url: link.url, token: `token of ${id}`, protocol, isLive: true };
  database.replicas.push({ peer, facts });
  const peers = (): readonly Peer[] => database.replicas.map((one) => one.peer).filter((one) => one.id !== id);
  const directory: Directory = {
    replicaId: id,
    token: peer.token,
    get peers() {
      return peers();
    },
    arriving: () => [],
    turns: { wasSent: async () => false },
  };
  const seat = { directory, server: internal, key: clusterKeyOf("a secret key that all replicas have") };
  const limits = { timeoutMs: 60_000, maxBodyBytes: 1_000_000, maxReplyBytes: 1_000_000 };
  const routing = new Routing(seat, { everyMs: 20, ...limits }, { error: () => {} });
  const parts = partsOf(id, rows, facts);
  const leaving = new AbortController();
  const local = localLooks({ ...parts, bundles: options.bundles });
  const cluster = new ClusterAdmin({
    facts: {
      own: () => ({ id, version: "1.0.0", heartbeatAgeMs: 12, ...facts }),
      peers: () =>
        peers().map((one) => ({
          id: one.id,
          version: "1.0.0",
          isDraining: false,
          isCompatible: one.protocol === PROTOCOL,
        })),
      ownerOf: (account) => database.owners.get(account),
    },
    routing,
    local,
    accounts: {
      get rows() {
        return rows;
      },
      get listed() {
        return database.listed;
      },
    },
    expiresSoonMs: 0,
    leaving: leaving.signal,
  });
  routing.serve({
    local: {} as never,
    share: {
      told: { accounts: [], leaving: [], unable: [] },
      waiting: 0,
      review: () => {},
    } as never,
    ...cluster.answers(options.viewers ?? ({} as RelayedViewers)),
  });
  const { url } = await serve(says("Hello"), { ...parts, looks: cluster.looks, bundles: options.bundles });
  onTestFinished(async () => {
    leaving.abort();
    cluster[Symbol.dispose]();
    routing[Symbol.dispose]();
    await internal[Symbol.asyncDispose]();
  });
  const { events, changes, requests, audited, waitingNow: waiting } = parts;
  return {
    id,
    url,
    isCompatible: protocol === PROTOCOL,
    rows,
    events,
    changes,
    requests,
    audited,
    waiting,
    facts,
    internal,
    link,
    relay: cluster.relay,
    answering: () => peers().flatMap((one) => (routing.to(one.id)?.isAnswering ? [one.id] : [])),
    async get<T>(path: string): Promise<T> {
      const response = await fetch(`${url}/admin/api${path}`, { headers: OPERATOR });
      return (await response.json()) as T;
    },
    listeners: () => events.count,
    post: (path: string) => fetch(`${url}/admin/api${path}`, { method: "POST", headers: OPERATOR }),
  };
}

function partsOf(id: string, rows: AccountRow[], facts: { readonly isFenced: boolean }) {
  const audited: OperatorChange[] = [];
  const waitingNow: { requestId: string; position: number; waitedMs: number }[] = [];
  const given = adminParts(rows);
  const act = async (account: string, state: AccountRow["state"]) => {
    const index = rows.findIndex((row) => row.id === account);
    const row = { ...given.accounts.row(account), state };
    rows[index] = row;
    return { row, effect: `Done by ${id}.`, notes: [] };
  };
  return {
    ...given,
    audited,
    waitingNow,
    audit: (change: OperatorChange) => void audited.push(change),
    events: new CountedEvents(),
    changes: new LatestEvents(),
    requests: new RequestFeed(),
    lastHour: new LastHour(),
    readiness: () => ({ ready: rows.length > 0, reasons: facts.isFenced ? ["fenced"] : ["there is no account"] }),
    queue: () => ({ length: waitingNow.length, estimatedWaitMs: rows.length > 0 ? 1_000 : undefined }),
    waiting: () =>
      waitingNow.map(({ requestId, ...times }) => {
        const caller = { keyId: "k", isBackground: false, requestId };
        return { caller, estimatedWaitMs: 1_000, leftMs: 9_000, ...times };
      }),
    accounts: {
      ...given.accounts,
      disable: (account: string) => act(account, "disabled"),
      enable: (account: string) => act(account, "ready"),
    },
  };
}

class CountedEvents extends AccountEvents {
  count = 0;

  override subscribe(listener: Parameters<AccountEvents["subscribe"]>[0]): Disposable {
    this.count += 1;
    const subscription = super.subscribe(listener);
    return {
      [Symbol.dispose]: () => {
        this.count -= 1;
        subscription[Symbol.dispose]();
      },
    };
  }
}

async function linkTo(port: number): Promise<Link> {
  const seen = { connections: 0, frozenBytes: 0 };
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((near) => {
    seen.connections += 1;
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("data", (data: Buffer) => {
        if (!isFrozen) other.write(data);
        else if (one === near) seen.frozenBytes += data.length;
      });
      one.on("error", () => {});
      one.once("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port: ownPort } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${ownPort}`, seen, freeze: () => void (isFrozen = true) };
}
