import { GatewayError } from "../errors.ts";
import type { AttemptCount } from "../places/place.ts";
import type { LocalPlace } from "../places/local-place.ts";
import type { LocalPlaces } from "../places/local-places.ts";
import type { PoolShare } from "../pool/pool-share.ts";
import { ServedElsewhere, type Caller } from "../pool/request-queue.ts";
import { withTimeout } from "../process/with-timeout.ts";
import type { Exchange, ExchangeHandler } from "./internal-server.ts";
import { LineTooLong, writeLines } from "./lines.ts";
import { errorIn, errorLine, SERVED, type DoorLine, type OwnerLine, type WishLine } from "./protocol.ts";

export interface TurnExchangeParts {
  readonly places: Pick<LocalPlaces, "acquire">;
  readonly share: Pick<PoolShare, "wakingAllowed">;
  /** The longest request, as JSON. */
  readonly maxRequestBytes: number;
  /** Hears how each answer went. */
  readonly onAnswered?: ((answer: AnsweredElsewhere) => void) | undefined;
}

/** How an account here answered a request that came to another replica. */
export interface AnsweredElsewhere {
  readonly account: string;
  /** When the request came, in Unix time, milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** Undefined if there was no error. */
  readonly code: string | undefined;
}

/** What a door sends before an account is given to it is short. */
const SHORT_LINE_BYTES = 1_024;
/** An account that was given must not stand idle for a door that does not ask. */
const QUESTION_LIMIT_MS = 10_000;

/** A door that has its outcome ends its request at once. */
const LINGER_MS = 5_000;

type Question = Extract<DoorLine, { readonly type: "ask" }>;

/** Has an account of this replica answer a request that came to another one. */
export function turnExchanges(parts: TurnExchangeParts): ExchangeHandler {
  return async (exchange) => {
    const door = new Door(exchange, parts.share);
    const outcome = await answer(door, exchange, parts).then(
      () => ({ type: "outcome" as const }),
      (cause: unknown) => ({ type: "outcome" as const, error: errorLine(GatewayError.from(cause)) }),
    );
    await writeLines(exchange.response, outcome);
    exchange.response.end();
    await withTimeout(door.over, LINGER_MS, () => exchange.response.req.socket.destroy());
  };
}

async function answer(door: Door, { first, lines, response }: Exchange, parts: TurnExchangeParts): Promise<void> {
  using place = await given(door, first as WishLine, parts);
  const { accountId, pacedMs, turnId } = place;
  lines.limitBytes = parts.maxRequestBytes;
  const write = (...said: readonly OwnerLine[]): Promise<void> => writeLines(response, ...said);
  void write({ type: "grant", accountId, pacedMs, turnId });
  const { request, ...come } = await door.question();
  lines.limitBytes = SHORT_LINE_BYTES;
  const count = counted(come, (attempts) => void write({ type: "attempt", attempts }));
  const cameMs = performance.now() - come.queuedMs;
  const answered = (code?: string): void => {
    const durationMs = Math.round(performance.now() - cameMs);
    parts.onAnswered?.({ account: accountId, at: Date.now() - durationMs, durationMs, code });
  };
  let isFirst = true;
  try {
    for await (const part of place.answer(request, count, door.left)) {
      const sent = { type: "sent" as const, afterMs: place.sentAfterMs ?? 0 };
      await (isFirst ? write(sent, part) : write(part));
      isFirst = false;
    }
    answered();
  } catch (cause) {
    answered(GatewayError.from(cause).code);
    throw cause;
  }
}

/** Waits in this replica's queue. @throws GatewayError why the account is not given here. */
async function given(door: Door, wish: WishLine, { places }: TurnExchangeParts): Promise<LocalPlace> {
  const { keyId, isBackground, requestId, site, except, waitedMs, limitMs } = wish;
  // Its own door may refuse it, nobody else.
  const caller: Caller = { keyId, isBackground, isOpen: () => true, ...(requestId === undefined ? {} : { requestId }) };
  const guest = { waitedMs, limitMs };
  door.mayWake = wish.mayWake;
  const wanted = { caller, site, except: new Set(except), mayWake: () => door.mayWake, guest };
  return places.acquire(wanted, door.left);
}

function counted({ attempts, queuedMs }: AttemptCount, onAttempt: (attempts: number) => void): AttemptCount {
  let made = attempts;
  return {
    queuedMs,
    get attempts() {
      return made;
    },
    set attempts(now: number) {
      made = now;
      onAttempt(now);
    },
  };
}

/** The replica that has the client, as its lines tell. */
class Door {
  mayWake = false;
  /** Resolves when nothing more comes. */
  readonly over: Promise<void>;
  readonly #share: TurnExchangeParts["share"];
  readonly #left = new AbortController();
  readonly #question = Promise.withResolvers<Question>();

  constructor({ lines, gone }: Exchange, share: TurnExchangeParts["share"]) {
    this.#share = share;
    lines.limitBytes = SHORT_LINE_BYTES;
    this.#question.promise.catch(() => {});
    const onGone = (): void => this.#leave(gone.reason);
    if (gone.aborted) onGone();
    gone.addEventListener("abort", onGone, { once: true });
    this.over = this.#read(lines).finally(() => gone.removeEventListener("abort", onGone));
  }

  /** Aborts when the request is given up, or was served elsewhere. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** @throws GatewayError `client_closed` when it does not ask in time. */
  question(): Promise<Question> {
    return withTimeout(this.#question.promise, QUESTION_LIMIT_MS, () => {
      throw new GatewayError("client_closed", "The replica that has the client did not ask.");
    });
  }

  async #read(lines: Exchange["lines"]): Promise<void> {
    try {
      for (;;) {
        const line = await lines.next<DoorLine>();
        if (!line) break;
        if (line.type === "wake") {
          this.mayWake = true;
          this.#share.wakingAllowed();
        } else if (line.type === "ask") this.#question.resolve(line);
        else if (line.type === "leave") this.#leave(leaving(line));
      }
      this.#leave(new GatewayError("client_closed", "The other replica gave the request up."));
    } catch (cause) {
      if (cause instanceof LineTooLong) this.#leave(tooLarge());
      this.#leave(new GatewayError("client_closed", "The other replica hung up.", { cause }));
      await lines.drain();
    }
  }

  #leave(reason: unknown): void {
    this.#left.abort(reason);
    this.#question.reject(reason);
  }
}

function tooLarge(): GatewayError {
  return new GatewayError("request_too_large", "The request is larger than replicas pass on to each other.");
}

function leaving({ code, message = "The other replica gave the request up." }: Extract<DoorLine, { type: "leave" }>) {
  return code === SERVED ? new ServedElsewhere() : errorIn({ code, message } as never);
}
