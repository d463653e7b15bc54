import type { RequestRecord, RequestSink } from "./request-record.ts";

/** What is needed of a logger; pino's has it. */
export interface LevelLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Asked every few seconds by whatever watches the gateway. */
const QUIET_ROUTES: ReadonlySet<string> = new Set(["/livez", "/healthz", "/readyz", "/metrics"]);

/** Writes one line per request. */
export class RequestLog implements RequestSink {
  readonly #log: LevelLog;

  constructor(log: LevelLog) {
    this.#log = log;
  }

  add(record: RequestRecord): void {
    const { failure, route } = record;
    const fields = fieldsOf(record);
    if (failure?.code === "internal_error") this.#log.error({ ...fields, err: failure.cause }, "request failed");
    else if ((failure?.row.status ?? 0) >= 500)
      this.#log.warn({ ...fields, reason: failure?.message }, "request failed");
    else if (QUIET_ROUTES.has(route)) this.#log.debug(fields, "request done");
    else this.#log.info(fields, "request done");
  }
}

function fieldsOf(record: RequestRecord): object {
  const { id, method, route, status, keyName, code, account, attempts, model, phases, durationMs, firstTokenMs } =
    record;
  const { queueMs, paceMs, leaseMs, firstByteMs, streamMs } = phases;
  return {
    requestId: id,
    method,
    route,
    status,
    key: keyName,
    code,
    account,
    attempts,
    model,
    queuedMs: queueMs,
    pacedMs: paceMs,
    leaseMs,
    firstByteMs,
    streamMs,
    durationMs,
    firstTokenMs,
    tokens: record.tokens,
  };
}
