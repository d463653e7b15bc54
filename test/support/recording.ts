import { onTestFinished } from "vitest";
import type { RecordReader } from "../../src/records/records.ts";
import type { RequestRecord } from "../../src/observe/request-record.ts";
import { Recorder, type RecorderOptions } from "../../src/records/recorder.ts";
import type { Store } from "../../src/store/store.ts";
import { storePlace, type Engine, type StorePlace } from "./engines.ts";

export interface Recording {
  readonly place: StorePlace;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly reader: RecordReader;
  /** What the recorder logged, as level and message. */
  readonly logged: readonly string[];
}

/** A recorder and its real store, until the test is over. */
export async function record(options: Partial<RecorderOptions> = {}, engine: Engine = "SQLite"): Promise<Recording> {
  const place = await storePlace(engine);
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const store = stack.use(await place.open());
  const logged: string[] = [];
  const at = (level: string) => (fields: unknown, message?: string) => {
    logged.push(`${level} ${message ?? String(fields)} ${JSON.stringify(fields)}`);
  };
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const recorder = stack.use(new Recorder(store.records, log, { keepRequestsMs: 1, ...options }));
  const { requests, usage, events } = store.records;
  return { place, store, recorder, reader: { requests, usage, events, flush: () => recorder.flush() }, logged };
}

let count = 0;

/** The record of a request that went well, but for what is given. */
export function requestRecord(given: Partial<RequestRecord> = {}): RequestRecord {
  count += 1;
  return {
    id: `req_${count}`,
    at: Date.now(),
    method: "POST",
    route: "/v1/chat/completions",
    keyId: "key-1",
    keyName: "master",
    model: "gptomni",
    account: "alice",
    attempts: 1,
    status: 200,
    code: undefined,
    failure: undefined,
    durationMs: 1_000,
    firstTokenMs: 400,
    phases: { queueMs: 100, paceMs: 0, leaseMs: 50, firstByteMs: 250, streamMs: 600 },
    tokens: { prompt: 10, completion: 20, reasoning: 5 },
    countTokens: undefined,
    texts: undefined,
    ...given,
  };
}
