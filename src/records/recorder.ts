import type { Log } from "../observe/log.ts";
import type { RequestRecord, RequestSink } from "../observe/request-record.ts";
import type { AccountEvent } from "../pool/account-event.ts";
import type { NewEvent } from "../store/event-records.ts";
import type { RecordStore } from "../store/record-store.ts";
import type { RequestTexts, StoredRequest } from "../store/request-records.ts";
import { LatestEvents } from "./latest-events.ts";
import { StateChanges } from "./state-changes.ts";
import { storedRequestOf } from "./stored-request.ts";
import { WaitingRecords } from "./waiting.ts";

/** How long a record waits for others, so that they are written together. */
const WRITE_DELAY_MS = 1_000;
/** How long after a failure it is tried again. */
const RETRY_DELAY_MS = 10_000;
/** So many are written at once; others wait for the database that long. */
const BATCH = 500;
const BATCH_CHARACTERS = 1_048_576;
/** What may wait in memory while the disk takes nothing. */
const BOUNDS = { maxCount: 10_000, maxCharacters: 16_777_216 };

export interface RecorderOptions {
  /** How long single requests are kept; at 0 they are only counted. */
  readonly keepRequestsMs: number;
  readonly writeDelayMs?: number;
  readonly retryDelayMs?: number;
}

/**
 * Keeps each request to the API, its sums, and events. Records are written in batches while no request waits for it. A
 * disk that fails costs records, the oldest first, and no request: the log says so once.
 */
export class Recorder implements RequestSink, AsyncDisposable {
  readonly #store: Pick<RecordStore, "write">;
  readonly #log: Log;
  readonly #options: Required<RecorderOptions>;
  readonly #requests = new WaitingRecords<StoredRequest & RequestTexts>(BOUNDS);
  readonly #events = new WaitingRecords<NewEvent>(BOUNDS);
  readonly #stateChanges = new StateChanges();
  /** Requests whose tokens are being counted. */
  readonly #counting = new Set<Promise<void>>();
  /** What happened last, for those who look at the moment. */
  readonly latest = new LatestEvents();
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: Pick<RecordStore, "write">, log: Log, options: RecorderOptions) {
    this.#store = store;
    this.#log = log;
    this.#options = { writeDelayMs: WRITE_DELAY_MS, retryDelayMs: RETRY_DELAY_MS, ...options };
  }

  /** Why nothing can be recorded at the moment, and what to do; undefined while it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** How many records were lost because they could not be written and there was no more room for them. */
  get dropped(): number {
    return this.#requests.dropped + this.#events.dropped;
  }

  add(record: RequestRecord): void {
    const request = storedRequestOf(record);
    if (!request) return;
    if (record.tokens !== undefined || record.countTokens === undefined) {
      this.#addRequest(request);
      return;
    }
    const counted = record.countTokens().then(
      ({ prompt, completion, reasoning }) =>
        this.#addRequest({
          ...request,
          promptTokens: prompt,
          completionTokens: completion,
          reasoningTokens: reasoning,
        }),
      () => this.#addRequest(request),
    );
    this.#counting.add(counted);
    void counted.finally(() => this.#counting.delete(counted));
  }

  onEvent(event: AccountEvent): void {
    const change = this.#stateChanges.read(event);
    if (change) this.#addEvent(change);
  }

  /** Keeps that something happened now. Never throws. */
  event(event: Omit<NewEvent, "at">): void {
    this.#addEvent({ ...event, at: Date.now() });
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    await Promise.all(this.#counting);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeAll());
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    const [requests, events] = [this.#requests.count, this.#events.count];
    if (requests + events === 0) return;
    this.#log.error(
      { requests, events, reason: this.#problem },
      "the gateway ends, and its last records are not stored",
    );
  }

  #addRequest(request: StoredRequest & RequestTexts): void {
    this.#requests.add(request, (request.prompt?.length ?? 0) + (request.answer?.length ?? 0));
    this.#writeSoon();
  }

  #addEvent(event: NewEvent): void {
    this.latest.add(event);
    this.#events.add(event, JSON.stringify(event).length);
    this.#writeSoon();
  }

  #writeSoon(): void {
    if (this.#problem === undefined && this.#requests.count === BATCH) void this.flush();
    const { writeDelayMs, retryDelayMs } = this.#options;
    const delayMs = this.#problem === undefined ? writeDelayMs : retryDelayMs;
    this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref();
  }

  /** Until nothing waits, or a batch fails. */
  async #writeAll(): Promise<void> {
    while (this.#requests.count + this.#events.count > 0) {
      const requests = this.#requests.first(BATCH, BATCH_CHARACTERS);
      const events = this.#events.first(BATCH, BATCH_CHARACTERS);
      const isKept = this.#options.keepRequestsMs > 0;
      const counted = requests.filter(isUse);
      try {
        await this.#store.write({ requests: isKept ? requests : [], counted, events });
      } catch (cause) {
        this.#fail(cause instanceof Error ? cause.message : String(cause));
        return;
      }
      this.#requests.remove(requests);
      this.#events.remove(events);
    }
    this.#recover();
  }

  #fail(reason: string): void {
    if (this.#problem === undefined) {
      const { maxCount } = BOUNDS;
      this.#log.error(
        { reason },
        `requests and events are not recorded; requests are answered, and the last ${maxCount} records wait in memory`,
      );
    }
    this.#problem = reason;
    this.#writeSoon();
  }

  #recover(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#log.info({ dropped: this.dropped }, "requests and events are recorded again");
  }
}

/** Whether it asked the model, or failed to. A list of models and a count of tokens are no use of an account. */
function isUse({ method, attempts, code }: StoredRequest): boolean {
  return method === "POST" && (attempts !== null || code !== null);
}
