import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";
import { FewNames } from "./few-names.ts";
import { watch, type MetricsSources } from "./metric-readings.ts";
import type { RequestRecord, RequestSink } from "./request-record.ts";

const BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const GAP_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Further keys are told together: routes, states and codes multiply each of them. */
const MOST_NAMED_KEYS = 100;

/** The metrics for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export class Metrics implements RequestSink {
  readonly #registry = new Registry();
  readonly #keys = new FewNames(MOST_NAMED_KEYS);
  readonly #requests: Counter<"route" | "status" | "code" | "key">;
  readonly #attempts: Counter<"outcome">;
  readonly #tokens: Counter<"direction" | "key">;
  readonly #seconds: Readonly<Record<"duration" | "firstToken" | "queued", Histogram<"route">>>;
  readonly #leases: Histogram;
  readonly #gaps: Histogram;

  constructor(sources: MetricsSources) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: "gateway_requests_total",
      help: "Requests that are over, by route, status, error code, and the name of their key; keys after the first 100 are `other`",
      labelNames: ["route", "status", "code", "key"],
      registers,
    });
    this.#attempts = new Counter({
      name: "gateway_attempts_total",
      help: "How often a site was asked, by what came of it: ok, or the error code",
      labelNames: ["outcome"],
      registers,
    });
    this.#tokens = new Counter({
      name: "gateway_tokens_total",
      help: "Tokens of prompts (in) and answers (out), estimated with o200k, by the name of the key",
      labelNames: ["direction", "key"],
      registers,
    });
    const histogram = (name: string, help: string): Histogram<"route"> =>
      new Histogram({ name, help, labelNames: ["route"], buckets: BUCKETS_SECONDS, registers });
    this.#seconds = {
      duration: histogram("gateway_request_duration_seconds", "How long requests that asked for an answer took"),
      firstToken: histogram("gateway_first_token_seconds", "How long it took until an answer's first text"),
      queued: histogram("gateway_queued_seconds", "How long requests waited for an account"),
    };
    const plain = (name: string, help: string, buckets: number[]): Histogram =>
      new Histogram({ name, help, buckets, registers });
    this.#leases = plain("gateway_lease_seconds", "How long requests held an account", BUCKETS_SECONDS);
    const gaps = "How long a site took between two parts of an answer";
    this.#gaps = plain("gateway_chunk_gap_seconds", gaps, GAP_BUCKETS_SECONDS);
    watch(this.#registry, sources);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  add(record: RequestRecord): void {
    const { route, status, code = "", keyName = "", durationMs, firstTokenMs, phases } = record;
    const key = this.#keys.of(keyName);
    this.#requests.inc({ route, status, code, key });
    this.#countTokens(record, key);
    const { queueMs } = phases;
    if (queueMs === undefined) return;
    const { duration, firstToken, queued } = this.#seconds;
    queued.observe({ route }, queueMs / 1000);
    duration.observe({ route }, durationMs / 1000);
    if (firstTokenMs !== undefined) firstToken.observe({ route }, firstTokenMs / 1000);
  }

  /** A site was asked. `outcome`: `ok`, or the code of the error. */
  attempted(outcome: string): void {
    this.#attempts.inc({ outcome });
  }

  /** A site took so long between two parts of an answer. */
  waited(gapMs: number): void {
    this.#gaps.observe(gapMs / 1000);
  }

  /** A request held an account for so long. */
  leased(heldMs: number): void {
    this.#leases.observe(heldMs / 1000);
  }

  #countTokens({ tokens, countTokens }: RequestRecord, key: string): void {
    const counted = tokens ? Promise.resolve(tokens) : countTokens?.();
    counted?.then(
      ({ prompt, completion }) => {
        this.#tokens.inc({ direction: "in", key }, prompt);
        this.#tokens.inc({ direction: "out", key }, completion);
      },
      () => {},
    );
  }
}
