import type { LeaseRequest } from "../pool/admission.ts";
import type { Caller } from "../pool/request-queue.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import { LocalPlace, type LocalPlaceParts } from "./local-place.ts";
import type { Places } from "./place.ts";

export interface LocalPlacesParts extends LocalPlaceParts {
  readonly pool: Pick<SessionPool, "lease" | "positionOf" | "waitMsOf" | "drain">;
}

/** The accounts of this process's own pool. */
export class LocalPlaces implements Places {
  readonly #parts: LocalPlacesParts;

  constructor(parts: LocalPlacesParts) {
    this.#parts = parts;
  }

  async acquire(wish: LeaseRequest, signal: AbortSignal): Promise<LocalPlace> {
    return new LocalPlace(await this.#parts.pool.lease(wish, signal), wish.caller, this.#parts);
  }

  positionOf(caller: Caller): number | undefined {
    return this.#parts.pool.positionOf(caller);
  }

  waitMsOf(caller: Caller): number | undefined {
    return this.#parts.pool.waitMsOf(caller);
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#parts.pool.drain(signal);
  }
}
