import { Listeners } from "./listeners.ts";
import type { RequestRecord, RequestSink } from "./request-record.ts";

/** Hands each record to those who listen at the moment. */
export class RequestFeed extends Listeners<RequestRecord> implements RequestSink {
  add(record: RequestRecord): void {
    this.emit(record);
  }
}
