import type { Log } from "../observe/log.ts";
import type { RequestRecord, RequestSink } from "../observe/request-record.ts";
import type { AccountEvents } from "../pool/account-event.ts";
import type { NewEvent } from "../store/event-records.ts";
import type { RecordStore } from "../store/record-store.ts";
import type { LatestEvents } from "./latest-events.ts";
import { Recorder } from "./recorder.ts";
import { Retention, type RetentionOptions } from "./retention.ts";

/** Reads what was recorded. */
export interface RecordReader {
  readonly requests: Pick<RecordStore["requests"], "page" | "find">;
  readonly usage: Pick<RecordStore["usage"], "page">;
  readonly events: Pick<RecordStore["events"], "page">;
  /** Writes what waits, so that a reader finds it. Never rejects. */
  flush(): Promise<void>;
}

export interface RecordsParts {
  readonly store: RecordStore;
  /** Of the accounts. */
  readonly events: AccountEvents;
  readonly log: Log;
}

/** How many events from before the start are shown at once. */
const EVENTS_SHOWN = 20;

/** Records requests and events from now on, reads them, and deletes what is too old. */
export class Records implements RequestSink, RecordReader, AsyncDisposable {
  readonly requests: RecordReader["requests"];
  readonly usage: RecordReader["usage"];
  readonly events: RecordReader["events"];
  readonly #recorder: Recorder;
  readonly #stack = new AsyncDisposableStack();

  constructor({ store, events, log }: RecordsParts, options: RetentionOptions) {
    this.requests = store.requests;
    this.usage = store.usage;
    this.events = store.events;
    this.#stack.use(new Retention(store, options));
    this.#recorder = this.#stack.use(new Recorder(store, log, options));
    this.#stack.use(events.subscribe((event) => this.#recorder.onEvent(event)));
    // Whoever looks before that sees less; a store that cannot be read says so elsewhere.
    store.events.page({}, EVENTS_SHOWN).then(
      ({ rows }) => this.latest.load(rows),
      () => {},
    );
  }

  /** What happened last, in memory. */
  get latest(): LatestEvents {
    return this.#recorder.latest;
  }

  get isWorking(): boolean {
    return this.#recorder.problem === undefined;
  }

  /** What an operator should mend although requests are answered. */
  get warnings(): readonly string[] {
    const { problem } = this.#recorder;
    return problem === undefined ? [] : [`requests and events are not recorded: ${problem}`];
  }

  /** How many records were lost because they could not be written and there was no more room for them. */
  get dropped(): number {
    return this.#recorder.dropped;
  }

  add(record: RequestRecord): void {
    this.#recorder.add(record);
  }

  /** Keeps that something happened now. Never throws. */
  event(event: Omit<NewEvent, "at">): void {
    this.#recorder.event(event);
  }

  flush(): Promise<void> {
    return this.#recorder.flush();
  }

  /** Writes what waits. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
