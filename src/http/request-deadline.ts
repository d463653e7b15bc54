import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { GatewayError } from "../errors.ts";

export interface DeadlineLimits {
  /** For waiting and the beginning of an answer; for all of it where it is not streamed. */
  readonly requestTimeoutMs: number;
  readonly isStream: boolean;
}

/** Aborts a request when its client leaves or its deadline passes. A stream that has begun has no deadline. */
export class RequestDeadline implements Disposable {
  readonly #ended = new AbortController();
  readonly #response: ServerResponse;
  readonly #deadline: NodeJS.Timeout;
  readonly #clientDeadline: NodeJS.Timeout | undefined;
  readonly #isStream: boolean;
  /** When the client gives up, on the monotonic clock, in milliseconds. */
  readonly deadlineMs: number;

  constructor(response: ServerResponse, headers: IncomingHttpHeaders, { requestTimeoutMs, isStream }: DeadlineLimits) {
    this.#response = response;
    this.#isStream = isStream;
    response.once("close", this.#onClose);
    this.#deadline = setTimeout(() => this.#expire(requestTimeoutMs), requestTimeoutMs);
    const clientMs = clientTimeoutMs(headers);
    // A stream opens in time for its client, even if its answer has not begun.
    this.deadlineMs = performance.now() + (isStream ? requestTimeoutMs : Math.min(clientMs, requestTimeoutMs));
    if (clientMs < requestTimeoutMs) this.#clientDeadline = setTimeout(() => this.#expire(clientMs), clientMs);
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** The client has its headers. The client's own time limit covers only these. */
  answered(): void {
    clearTimeout(this.#clientDeadline);
  }

  /** The answer has begun. A stream's client sees its progress from now on, so only the gaps have a limit. */
  progressed(): void {
    if (this.#isStream) clearTimeout(this.#deadline);
  }

  /** Ends the request: nobody reads its answer any more. */
  abandon(error: GatewayError): void {
    this.#ended.abort(error);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#clientDeadline);
    this.#response.off("close", this.#onClose);
  }

  readonly #onClose = (): void => {
    this.abandon(new GatewayError("client_closed", "The client closed the connection."));
  };

  #expire(limitMs: number): void {
    this.abandon(
      new GatewayError("request_timeout", `The request took longer than ${Math.round(limitMs / 1000)} seconds.`),
    );
  }
}

/** OpenAI's SDKs send, in seconds, how long they wait for headers (Node) or for the next bytes (Python). */
function clientTimeoutMs(headers: IncomingHttpHeaders): number {
  const seconds = [headers["x-stainless-timeout"], headers["x-stainless-read-timeout"]]
    .map(Number)
    .filter((value) => Number.isFinite(value) && value > 0);
  return Math.min(...seconds) * 1000;
}
