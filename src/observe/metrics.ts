import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { RequestRecord, RequestSink } from "./request-record.ts";

export interface MetricsSources {
  /** Every state that an account can be in. */
  readonly accountStates: readonly string[];
  readonly accounts: () => readonly { readonly id: string; readonly state: string; readonly since: number }[];
  /** How many requests wait for an account, and how long a new request would wait, where that is known. */
  readonly queue: () => { readonly length: number; readonly estimatedWaitMs: number | undefined };
  readonly openPages: () => number;
  /** How many browsers were started. */
  readonly browserStarts: () => number;
  /** How many browsers run with Chromium's sandbox, or without it. */
  readonly browsers: (sandboxed: boolean) => number;
  /** How often sessions failed, by error code. */
  readonly sessionFailures: () => ReadonlyMap<string, number>;
  /** Whether changes of the accounts can be stored. */
  readonly isStateStored: () => boolean;
  /** Whether requests and events can be recorded, and how many records were lost. */
  readonly recording: () => { readonly isWorking: boolean; readonly dropped: number };
}

/** A value and its labels. */
type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];

const BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** The metrics for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export class Metrics implements RequestSink {
  readonly #registry = new Registry();
  readonly #requests: Counter<"route" | "status" | "code" | "key">;
  readonly #seconds: Readonly<Record<"duration" | "firstToken" | "queued", Histogram<"route">>>;

  constructor(sources: MetricsSources) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: "gateway_requests_total",
      help: "Requests that are over, by route, status, error code, and the name of their key",
      labelNames: ["route", "status", "code", "key"],
      registers,
    });
    const histogram = (name: string, help: string): Histogram<"route"> =>
      new Histogram({ name, help, labelNames: ["route"], buckets: BUCKETS_SECONDS, registers });
    this.#seconds = {
      duration: histogram("gateway_request_duration_seconds", "How long requests that asked for an answer took"),
      firstToken: histogram("gateway_first_token_seconds", "How long it took until an answer's first text"),
      queued: histogram("gateway_queued_seconds", "How long requests waited for an account"),
    };
    this.#watch(sources);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  add({
    route,
    status,
    code = "",
    keyName: key = "",
    durationMs,
    firstTokenMs,
    phases: { queueMs },
  }: RequestRecord): void {
    this.#requests.inc({ route, status, code, key });
    if (queueMs === undefined) return;
    const { duration, firstToken, queued } = this.#seconds;
    queued.observe({ route }, queueMs / 1000);
    duration.observe({ route }, durationMs / 1000);
    if (firstTokenMs !== undefined) firstToken.observe({ route }, firstTokenMs / 1000);
  }

  #watch({
    accountStates,
    accounts,
    queue,
    openPages,
    browserStarts,
    browsers,
    sessionFailures,
    isStateStored,
    recording,
  }: MetricsSources): void {
    this.#gauge("gateway_waiting_requests", "Requests that wait for an account", [], () => [[{}, queue().length]]);
    const wait = "How long a request would wait that comes now and is served last; absent where no account can answer";
    this.#gauge("gateway_estimated_wait_seconds", wait, [], () => {
      const { estimatedWaitMs } = queue();
      return estimatedWaitMs === undefined ? [] : [[{}, estimatedWaitMs / 1000]];
    });
    this.#gauge("gateway_open_pages", "Accounts whose page is open", [], () => [[{}, openPages()]]);
    this.#gauge("gateway_accounts", "Accounts, by state", ["state"], () => {
      const byState = Map.groupBy(accounts(), ({ state }) => state);
      return accountStates.map((state) => [{ state }, byState.get(state)?.length ?? 0]);
    });
    const since = "When each account came into the state that its label tells, in Unix time";
    this.#gauge("gateway_account_state_since_seconds", since, ["account", "state"], () =>
      accounts().map((one) => [{ account: one.id, state: one.state }, one.since / 1000]),
    );
    this.#gauge("gateway_browsers", "Browsers that run, by whether Chromium's sandbox is on", ["sandbox"], () => [
      [{ sandbox: "on" }, browsers(true)],
      [{ sandbox: "off" }, browsers(false)],
    ]);
    this.#gauge("gateway_state_stored", "1 while changes of the accounts are stored in STATE_DIR, else 0", [], () => [
      [{}, isStateStored() ? 1 : 0],
    ]);
    this.#gauge("gateway_recording", "1 while requests and events are recorded in STATE_DIR, else 0", [], () => [
      [{}, recording().isWorking ? 1 : 0],
    ]);
    const lost = "Records of requests and events that were lost because they could not be written";
    this.#counter("gateway_lost_records_total", lost, [], () => [[{}, recording().dropped]]);
    const starts = "Browsers that were started; beyond the first ones, in place of one that died";
    this.#counter("gateway_browser_starts_total", starts, [], () => [[{}, browserStarts()]]);
    const failures = "Sessions that failed, in use or while they opened, by error code";
    this.#counter("gateway_session_failures_total", failures, ["code"], () =>
      [...sessionFailures()].map(([code, count]) => [{ code }, count]),
    );
  }

  /** Read when Prometheus asks. */
  #gauge(name: string, help: string, labelNames: readonly string[], read: () => readonly Reading[]): void {
    const collect = function (this: Gauge): void {
      this.reset();
      for (const [labels, value] of read()) this.set(labels, value);
    };
    this.#registry.registerMetric(new Gauge({ name, help, labelNames, collect, registers: [] }));
  }

  /** Counted elsewhere, read when Prometheus asks. */
  #counter(name: string, help: string, labelNames: readonly string[], read: () => readonly Reading[]): void {
    const collect = function (this: Counter): void {
      this.reset();
      for (const [labels, value] of read()) this.inc(labels, value);
    };
    this.#registry.registerMetric(new Counter({ name, help, labelNames, collect, registers: [] }));
  }
}
