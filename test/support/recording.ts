import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { RecordReader } from "../../src/records/records.ts";
import type { RequestRecord } from "../../src/observe/request-record.ts";
import { Recorder, type RecorderOptions } from "../../src/records/recorder.ts";
import { openStore, type Store } from "../../src/store/store.ts";

export interface Recording {
  readonly stateDir: string;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly reader: RecordReader;
  /** What the recorder logged, as level and message. */
  readonly logged: readonly string[];
}

/** A recorder and its real store, until the test is over. */
export async function record(options: Partial<RecorderOptions> = {}): Promise<Recording> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-records-"));
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));
  const store = stack.use(await openStore({ stateDir, secretKey: "a secret key of thirty-two bytes or more" }));
  const logged: string[] = [];
  const at = (level: string) => (fields: unknown, message?: string) => {
    logged.push(`${level} ${message ?? String(fields)} ${JSON.stringify(fields)}`);
  };
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const recorder = stack.use(new Recorder(store.records, log, { keepRequestsMs: 1, ...options }));
  const { requests, usage, events } = store.records;
  return { stateDir, store, recorder, reader: { requests, usage, events, flush: () => recorder.flush() }, logged };
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
