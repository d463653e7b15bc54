import type { AccountPersistence } from "./accounts/account-persistence.ts";
import { Accounts } from "./accounts/accounts.ts";
import { toldExpiries } from "./accounts/told-expiries.ts";
import { auditIn, reload } from "./admin/audit.ts";
import type { AlertEvent } from "./alerts/alert-outbox.ts";
import { Alerts, type AlertOptions } from "./alerts/alerts.ts";
import { adminRoutes } from "./admin/routes.ts";
import { viewsOf } from "./admin/views.ts";
import { BrowserFleet } from "./browser/browser-fleet.ts";
import { browserSource } from "./browser/browser-source.ts";
import { readinessIn } from "./cluster/cluster-readiness.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { openCluster } from "./cluster/open-cluster.ts";
import type { BrowserProvider } from "./browser/provider.ts";
import type { Config } from "./config/config.ts";
import type { ConfiguredAccount } from "./credentials/configured-account.ts";
import { openLooks, type OpenLooks } from "./cluster-admin/open-looks.ts";
import { finish, letIn } from "./cluster/serving.ts";
import { Routing } from "./cluster/routing.ts";
import { Gateway } from "./gateway.ts";
import { apiRoutes } from "./http/api-routes.ts";
import { createApp } from "./http/app.ts";
import { probes } from "./http/probes.ts";
import type { OperatorAccess } from "./http/operator.ts";
import { closeNow, createHttpServer, flushResponses } from "./http/server.ts";
import { openKeys } from "./keys/open-keys.ts";
import { openLiveViews, type OpenLiveViews } from "./live-view/open-live-views.ts";
import { withSelfDescription } from "./openapi/self-description.ts";
import { Redaction, type Log } from "./observe/log.ts";
import { MemoryPressure } from "./process/memory-pressure.ts";
import { Metrics } from "./observe/metrics.ts";
import { RequestLog } from "./observe/request-log.ts";
import { AccountCounts } from "./pool/account-counts.ts";
import { ACCOUNT_STATES } from "./pool/account-state.ts";
import { optionsOf, type GatewayKeys } from "./options.ts";
import { LocalPlaces, type LocalPlacesParts } from "./places/local-places.ts";
import type { Places } from "./places/place.ts";
import { SessionPool } from "./pool/session-pool.ts";
import { listen } from "./process/listen.ts";
import { giveUpReason as reasonToGiveUp } from "./process/outage.ts";
import { consoleRoutes } from "./console/console-routes.ts";
import { openPersistence } from "./accounts/open-persistence.ts";
import { version } from "./process/version.ts";
import { sitesAt, type Sites } from "./sites/catalog.ts";
import { meteredSites } from "./sites/metered-sites.ts";
import { Records } from "./records/records.ts";
import { openStore, type Store } from "./store/store.ts";

export interface RunningGateway extends AsyncDisposable {
  /** Its base URL, without a path. */
  readonly url: string;
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly maxOpenSessions: number;
  /** Changes the accounts of the settings or the file to this list. Running answers of accounts that stay are not touched. */
  setAccounts(accounts: readonly ConfiguredAccount[]): Promise<void>;
  /** Refuses new requests and waits until running answers are finished, at most for the drain timeout. */
  drain(): Promise<void>;
  /** Why only a new process can help; undefined while this one can serve. */
  readonly giveUpReason: () => string | undefined;
}

export interface GatewayParts {
  /** Where browsers come from; where the settings say, unless given. */
  readonly provider?: BrowserProvider;
  readonly memory?: MemoryPressure;
  /** The sites that answer; those of the settings unless given. */
  readonly sites?: Sites;
  /** How often it is checked whether the state can be stored; 10 s unless given. */
  readonly checkStateEveryMs?: number | undefined;
  /** Hides secrets in the log. It also learns each token that a site issues. */
  readonly redaction?: Redaction;
}

/** The composition root: config → browsers → pool → gateway → server. Disposing stops all of it in reverse. */
export async function startGateway(
  config: Config,
  keys: GatewayKeys,
  log: Log,
  parts: GatewayParts = {},
): Promise<RunningGateway> {
  const { provider, memory, sites, redaction, checkStateEveryMs } = { ...usualParts(config), ...parts };
  await using started = new AsyncDisposableStack();
  const options = optionsOf(config, keys, { sites, capacity: provider.capacity });
  const browsers = started.use(new BrowserFleet(provider, options.browsers, log));
  const store = started.use(await openStore(options.store));
  const cluster = started.use(await openCluster(options.cluster, { store, sites, log }));
  const persistence = started.use(openPersistence(store, { ...options.persistence, checkStateEveryMs }, log));
  const routing = cluster && started.use(new Routing(cluster.seat, options.routing, log));
  const pool = started.use(new SessionPool({ ...options.pool, memory, distant: routing }, log));
  const records = started.use(new Records({ store: store.records, events: pool.events, log }, options.records));
  const keysOfCallers = started.use(await openKeys(store, options.callers, { ...options.keyLimits, redaction, log }));
  started.use(options.access.operator);
  const alerts = started.use(await openAlerts(options.alerts, { store, records, log }));
  const accountParts = { pool, browsers, store, persistence, sites, alerts, log, redaction, owning: cluster?.owning };
  const accounts = await Accounts.open({ ...accountParts, options: options.sessions });
  const bundles = started.use(await accounts.openBundles(options.bundles));
  const leaving = new AbortController();
  const viewed = { ...options.views, pool, accounts, alerts, persistence, records, audit: auditIn(records, log) };
  const views = viewsOf({ ...viewed, leaving: leaving.signal, ready: () => readinessIn(cluster, pool.readiness) });
  const giveUpReason = () => reasonToGiveUp(browsers.localOutage, config.shutdown.browserOutageLimitMs);
  const metrics = metricsOf(pool, browsers, { persistence, records, routing, cluster });
  const seen = started.use(openLooks({ ...views, bundles, cluster, routing }));
  const liveViews = started.use(openLiveViews({ ...options.liveViews, pool, browsers, ...views, ...seen }));
  const places = placesOf({ ...options.places, pool, sites, metrics, witness: bundles, routing, seen, liveViews });
  const routes = [
    ...apiRoutes({ ...options.api, ...keysOfCallers, responses: store.responses, gateway: new Gateway(places, sites) }),
    ...probes({ readiness: views.probed, giveUpReason }),
    ...adminRoutes({ ...views, ...keysOfCallers, bundles, metrics, liveViews, looks: seen.looks }),
    ...consoleRoutes(),
  ];
  const sinks = [new RequestLog(log), metrics, accounts.recent, views.lastHour, views.requests, records];
  const app = createApp({ ...options.access, ...keysOfCallers, routes: withSelfDescription(routes), sinks });
  const server = started.adopt(createHttpServer(app, leaving.signal, { upgrade: liveViews.upgrade }), closeNow);
  const configure = () => accounts.configure(config.accounts.list);
  const url = await letIn(() => listen(server, config.server), { cluster, routing, configure });
  started.use(followed(store, accounts, options.access.operator));
  const stack = started.move();
  return {
    url,
    pool,
    browsers,
    maxOpenSessions: options.pool.maxOpenSessions,
    giveUpReason,
    setAccounts: (list) => reload(accounts, list, views.audit),
    drain: async () => {
      leaving.abort();
      await finish({ liveViews, places, cluster, server }, config.shutdown.drainTimeoutMs);
      await flushResponses(server);
      await Promise.all([persistence.flush(), records.flush()]);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function usualParts(config: Config) {
  return {
    provider: browserSource(config),
    memory: new MemoryPressure({ holdsPages: config.browserEndpoint === undefined }),
    sites: sitesAt(config.sites),
    checkStateEveryMs: undefined,
    redaction: new Redaction(),
  } satisfies GatewayParts;
}

async function openAlerts(
  options: AlertOptions,
  { store, records, log }: { readonly store: Store; readonly records: Records; readonly log: Log },
): Promise<Alerts> {
  const sinks = { log, record: (event: AlertEvent) => records.event(event) };
  return new Alerts(options, sinks, await toldExpiries(store, log));
}

interface PlacesParts extends Omit<LocalPlacesParts, "replicaId"> {
  readonly pool: SessionPool;
  readonly sites: Sites;
  readonly metrics: Metrics;
  readonly routing: Routing | undefined;
  readonly seen: OpenLooks;
  readonly liveViews: OpenLiveViews;
}

/** The accounts of this gateway, and in a cluster those of all replicas. */
function placesOf({ routing, seen, liveViews, metrics, ...parts }: PlacesParts): Places {
  const sites = meteredSites(parts.sites, metrics);
  const local = new LocalPlaces({ ...parts, sites, replicaId: routing?.replicaId });
  return routing?.serve({ local, share: parts.pool.share, ...seen.answers(liveViews.relayed) }) ?? local;
}

interface MeasuredParts {
  readonly persistence: AccountPersistence;
  readonly records: Records;
  readonly routing: Routing | undefined;
  readonly cluster: Cluster | undefined;
}

function metricsOf(
  pool: SessionPool,
  browsers: BrowserFleet,
  { persistence, records, routing, cluster }: MeasuredParts,
): Metrics {
  const counts = new AccountCounts();
  const metrics = new Metrics({
    version: version(),
    accountStates: ACCOUNT_STATES,
    accounts: () => pool.states,
    queue: () => pool.queue,
    openPages: () => pool.openPages,
    browserStarts: () => browsers.starts,
    browsers: (isSandboxed) => browsers.running({ isSandboxed }),
    browserMemory: () => browsers.memory(),
    sessionFailures: () => pool.sessionFailures,
    counts,
    isStateStored: () => persistence.problem === undefined,
    recording: () => records,
    forwarded: routing && (() => routing.outcomes),
    cluster,
  });
  pool.events.subscribe((event) => {
    counts.onEvent(event);
    if (event.kind === "lease_over") metrics.leased(event.heldMs);
  });
  return metrics;
}

/** What gateways with the same database change together: accounts, and sessions of the console. */
function followed(store: Store, accounts: Accounts, { sessions }: OperatorAccess): Disposable {
  const stack = new DisposableStack();
  if (store.consoleSessions) sessions.share(store.consoleSessions);
  stack.use(store.changes.subscribe("console_sessions", () => sessions.review()));
  stack.use(accounts.follow(store.changes));
  return stack;
}
