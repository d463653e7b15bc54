import type { ChatRequest, ReplyPart } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { AttemptCount, Place } from "../places/place.ts";
import { withTimeout } from "../process/with-timeout.ts";
import type { Directory } from "./directory.ts";
import { errorIn, type OwnerLine } from "./protocol.ts";
import type { Grant, Want } from "./want.ts";

export interface RemotePlaceParts {
  readonly turns: Directory["turns"];
  /** Called once: `answered`, an error's code, or `unused`. */
  readonly onOver: (outcome: string) => void;
}

/** A database that does not answer in this time knows nothing: the prompt may have been sent. */
const WAS_SENT_LIMIT_MS = 5_000;

/** An account of another replica, given to one request. */
export class RemotePlace implements Place {
  readonly #want: Want;
  readonly #grant: Grant;
  readonly #parts: RemotePlaceParts;
  #sentAfterMs: number | undefined;
  #outcome: string | undefined;

  constructor(want: Want, grant: Grant, parts: RemotePlaceParts) {
    this.#want = want;
    this.#grant = grant;
    this.#parts = parts;
  }

  get accountId(): string {
    return this.#grant.accountId;
  }

  get replicaId(): string {
    return this.#want.link.peer.id;
  }

  get pacedMs(): number {
    return this.#grant.pacedMs;
  }

  get sentAfterMs(): number | undefined {
    return this.#sentAfterMs;
  }

  async *answer(
    request: ChatRequest,
    count: AttemptCount,
    signal: AbortSignal,
  ): AsyncGenerator<ReplyPart, void, undefined> {
    const { attempts, queuedMs } = count;
    this.#outcome = "left";
    const onAbort = (): void => this.#want.leave(GatewayError.from(signal.reason));
    try {
      signal.throwIfAborted();
      signal.addEventListener("abort", onAbort, { once: true });
      void this.#want.ask({ type: "ask", request, attempts, queuedMs });
      for (let line = await this.#want.next(); line; line = await this.#want.next()) {
        if (line.type === "attempt") count.attempts = line.attempts;
        else if (line.type === "sent") this.#sentAfterMs = line.afterMs;
        else if (line.type === "outcome" && line.error?.code !== "client_closed") return this.#end(line);
        else if (line.type === "outcome") break;
        else if (line.type !== "grant") yield line;
      }
      signal.throwIfAborted();
      // The connection broke, or the owner thinks that this replica is gone.
      // A replica that was lost must not be tried for ever.
      count.attempts = Math.max(count.attempts, attempts + 1);
      throw await this.#loss();
    } catch (cause) {
      const failure = GatewayError.from(signal.aborted ? signal.reason : cause);
      this.#outcome = failure.code;
      this.#want.leave(failure);
      throw failure;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Gives the account back, untouched unless it was asked. */
  [Symbol.dispose](): void {
    const hung = new GatewayError("client_closed", "The answer was not read to its end.");
    this.#want.leave(this.#outcome === undefined ? undefined : hung);
    this.#parts.onOver(this.#outcome ?? "unused");
  }

  #end({ error }: Extract<OwnerLine, { readonly type: "outcome" }>): void {
    this.#want.end();
    this.#outcome = "answered";
    if (error) throw errorIn(error);
  }

  /** The owner has died, is frozen or cut off. Before its first part, another account may answer if the prompt never left. */
  async #loss(): Promise<GatewayError> {
    const { link } = this.#want;
    link.doubt();
    const wasSent =
      this.#sentAfterMs !== undefined ||
      (await withTimeout(this.#parts.turns.wasSent(this.#grant.turnId), WAS_SENT_LIMIT_MS, () => true).catch(
        () => true,
      ));
    const lost = `The replica ${link.peer.id}, which has the account, was lost`;
    if (wasSent) return new GatewayError("replica_lost", `${lost} while it answered.`);
    return new GatewayError("replica_unavailable", `${lost} before the prompt was sent.`);
  }
}
