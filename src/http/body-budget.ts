import type { Request, RequestHandler, Response } from "express";
import { GatewayError } from "../errors.ts";

/** Answers end in seconds to minutes, and with them what their requests hold. */
const RETRY_AFTER_MS = 5_000;

/** Keeps the sum of all bodies that are read or held within a limit: each is held until its request is answered. */
export class BodyBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;
  readonly #heldBy = new WeakMap<Request, number>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Counts the bytes while they come. @throws GatewayError `overloaded` where no more may come. */
  readonly admit: RequestHandler = (request, response, next) => {
    this.#refuseMore(this.#heldBytes >= this.#maxBytes);
    this.#heldBy.set(request, 0);
    response.once("close", () => this.#account(request, 0));
    request.on("data", (chunk: Buffer) => {
      if (!response.closed) this.#account(request, (this.#heldBy.get(request) ?? 0) + chunk.length);
    });
    next();
  };

  /** Counts what the body is, decompressed. @throws GatewayError `overloaded` when that is too much together. */
  readonly hold: RequestHandler = (request: Request, response: Response, next) => {
    if (!response.closed && Buffer.isBuffer(request.body)) this.#account(request, request.body.length);
    this.#refuseMore(this.#heldBytes > this.#maxBytes);
    next();
  };

  #account(request: Request, bytes: number): void {
    this.#heldBytes += bytes - (this.#heldBy.get(request) ?? 0);
    this.#heldBy.set(request, bytes);
  }

  #refuseMore(isFull: boolean): void {
    if (!isFull) return;
    const message = "The gateway holds as much of other requests as it may. Try again shortly.";
    throw new GatewayError("overloaded", message, { retryAfterMs: RETRY_AFTER_MS });
  }
}
