import { Counter, Gauge, type Registry } from "prom-client";

interface MeasuredAccount {
  readonly id: string;
  readonly state: string;
  /** In Unix time, milliseconds. */
  readonly since: number;
  /** When its sign-in ends; undefined if that is not known. */
  readonly expiresAt: number | undefined;
}

/** What metrics read when Prometheus asks. */
export interface MetricsSources {
  readonly version: string;
  /** Every state that an account can be in. */
  readonly accountStates: readonly string[];
  readonly accounts: () => readonly MeasuredAccount[];
  /** How many requests wait for an account, and how long a new request would wait, where that is known. */
  readonly queue: () => { readonly length: number; readonly estimatedWaitMs: number | undefined };
  readonly openPages: () => number;
  /** How many browsers were started. */
  readonly browserStarts: () => number;
  /** How many browsers run with Chromium's sandbox, or without it. */
  readonly browsers: (sandboxed: boolean) => number;
  readonly browserMemory: () => Promise<readonly { readonly number: number; readonly bytes: number }[]>;
  /** How often sessions failed, by error code. */
  readonly sessionFailures: () => ReadonlyMap<string, number>;
  /** Challenges by outcome, and renewed pages by reason. */
  readonly counts: { readonly challenges: ReadonlyMap<string, number>; readonly renewals: ReadonlyMap<string, number> };
  /** Whether changes of the accounts can be stored. */
  readonly isStateStored: () => boolean;
  /** Whether requests and events can be recorded, and how many records were lost. */
  readonly recording: () => { readonly isWorking: boolean; readonly dropped: number };
  /** How often what was asked of another replica ended so; undefined without a cluster. */
  readonly forwarded?: (() => ReadonlyMap<string, number>) | undefined;
  /** What holds the accounts here; undefined without a cluster. */
  readonly cluster?: MeasuredCluster | undefined;
}

interface MeasuredCluster {
  readonly ownedAccounts: number;
  /** How long ago the database proved that they are here. */
  readonly heartbeatAgeMs: number;
  /** How often they could not be used, by cause. */
  readonly fences: ReadonlyMap<string, number>;
}

/** A value and its labels. */
type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];
type Read = () => readonly Reading[] | Promise<readonly Reading[]>;

/** Adds the metrics that are counted elsewhere. */
export function watch(registry: Registry, sources: MetricsSources): void {
  const add = { gauge: adder(registry, Gauge), counter: adder(registry, Counter) };
  watchAccounts(add, sources);
  watchBrowsers(add, sources);
  watchGateway(add, sources);
  if (sources.forwarded) watchRouting(add, sources.forwarded);
  if (sources.cluster) watchCluster(add, sources.cluster);
}

type Add = Readonly<Record<"gauge" | "counter", ReturnType<typeof adder>>>;

function watchAccounts(
  { gauge, counter }: Add,
  { accountStates, accounts, counts, sessionFailures }: MetricsSources,
): void {
  gauge("gateway_accounts", "Accounts, by state", ["state"], () => {
    const byState = Map.groupBy(accounts(), ({ state }) => state);
    return accountStates.map((state) => [{ state }, byState.get(state)?.length ?? 0]);
  });
  const since = "When each account came into the state that its label tells, in Unix time";
  gauge("gateway_account_state_since_timestamp_seconds", since, ["account", "state"], () =>
    accounts().map((one) => [{ account: one.id, state: one.state }, one.since / 1000]),
  );
  const expiry =
    "When each account's sign-in ends unless the site renews it, in Unix time; absent where that is not known";
  gauge("gateway_credential_expiry_timestamp_seconds", expiry, ["account"], () =>
    accounts().flatMap(({ id, expiresAt }) => (expiresAt === undefined ? [] : [[{ account: id }, expiresAt / 1000]])),
  );
  const failures = "Sessions that failed, in use or while they opened, by error code";
  counter("gateway_session_failures_total", failures, ["code"], () => labelled("code", sessionFailures()));
  const challenges =
    "Challenges that took an account out of service: solved by the browser, unsolved (left to a person), recovered (serving after that)";
  counter("gateway_challenges_total", challenges, ["outcome"], () => labelled("outcome", counts.challenges));
  const renewals =
    "Pages that were replaced (requests, age, memory, operator) or opened anew to renew a sign-in (sign_in)";
  counter("gateway_renewals_total", renewals, ["reason"], () => labelled("reason", counts.renewals));
}

function watchBrowsers({ gauge, counter }: Add, sources: MetricsSources): void {
  const { openPages, browserStarts, browsers, browserMemory } = sources;
  gauge("gateway_open_pages", "Accounts whose page is open", [], () => [[{}, openPages()]]);
  gauge("gateway_browsers", "Browsers that run, by whether Chromium's sandbox is on", ["sandbox"], () => [
    [{ sandbox: "on" }, browsers(true)],
    [{ sandbox: "off" }, browsers(false)],
  ]);
  const memory =
    "Memory that a browser's processes share with nobody, by the browser's number; absent where it is not known";
  gauge("gateway_browser_memory_bytes", memory, ["browser"], async () =>
    (await browserMemory()).map(({ number, bytes }) => [{ browser: String(number) }, bytes]),
  );
  const starts = "Browsers that were started; beyond the first ones, in place of one that died";
  counter("gateway_browser_starts_total", starts, [], () => [[{}, browserStarts()]]);
}

function watchGateway({ gauge, counter }: Add, { version, queue, isStateStored, recording }: MetricsSources): void {
  gauge("gateway_build_info", "1, with the gateway's version and that of Node.js", ["version", "node"], () => [
    [{ version, node: process.version }, 1],
  ]);
  gauge("gateway_waiting_requests", "Requests that wait for an account", [], () => [[{}, queue().length]]);
  const wait = "How long a request would wait that comes now and is served last; absent where no account can answer";
  gauge("gateway_estimated_wait_seconds", wait, [], () => {
    const { estimatedWaitMs } = queue();
    return estimatedWaitMs === undefined ? [] : [[{}, estimatedWaitMs / 1000]];
  });
  gauge("gateway_state_stored", "1 while changes of the accounts are stored, else 0", [], () => [
    [{}, isStateStored() ? 1 : 0],
  ]);
  gauge("gateway_recording", "1 while requests and events are recorded, else 0", [], () => [
    [{}, recording().isWorking ? 1 : 0],
  ]);
  const lost = "Records of requests and events that were lost because they could not be written";
  counter("gateway_lost_records_total", lost, [], () => [[{}, recording().dropped]]);
}

function watchRouting({ counter }: Add, forwarded: NonNullable<MetricsSources["forwarded"]>): void {
  const given = "Accounts of other replicas that were given to a request here, by what came of it";
  counter("gateway_forwarded_requests_total", given, ["outcome"], () => labelled("outcome", forwarded()));
}

function watchCluster({ gauge, counter }: Add, cluster: MeasuredCluster): void {
  gauge("gateway_owned_accounts", "Accounts that this replica has", [], () => [[{}, cluster.ownedAccounts]]);
  const age = "How long ago the database last proved that they are this replica's";
  gauge("gateway_heartbeat_age_seconds", age, [], () => [[{}, cluster.heartbeatAgeMs / 1000]]);
  const fences =
    "How often the accounts could not be used: session_lost (a new one was opened), cut_off (running answers were ended)";
  counter("gateway_fences_total", fences, ["cause"], () => labelled("cause", cluster.fences));
}

function labelled(name: string, counts: ReadonlyMap<string, number>): readonly Reading[] {
  return [...counts].map(([value, count]) => [{ [name]: value }, count]);
}

/** Makes metrics of one kind that are read when Prometheus asks. */
function adder(registry: Registry, Kind: typeof Gauge | typeof Counter) {
  return (name: string, help: string, labelNames: readonly string[], read: Read): void => {
    const collect = async function (this: Gauge | Counter): Promise<void> {
      const readings = await read();
      this.reset();
      for (const [labels, value] of readings) this.inc(labels, value);
    };
    registry.registerMetric(new Kind({ name, help, labelNames, collect, registers: [] }));
  };
}
