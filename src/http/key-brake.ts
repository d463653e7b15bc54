import { isIPv6 } from "node:net";
import type { Request } from "express";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { GatewayError } from "../errors.ts";

const WRONG_KEYS = 20;
const WINDOW_SECONDS = 60;

/**
 * Slows down who guesses keys: an address may show so many wrong ones a minute. A right key is never asked about here,
 * since everybody behind one proxy has one address. The connection's own address counts, since anybody can write headers.
 */
export class KeyBrake {
  readonly #limiter = new RateLimiterMemory({ points: WRONG_KEYS, duration: WINDOW_SECONDS });

  /** Counts a wrong key. @throws GatewayError `too_many_wrong_keys` when there were too many. */
  async count(request: Request): Promise<void> {
    try {
      await this.#limiter.consume(networkOf(request.socket.remoteAddress ?? ""));
    } catch (cause) {
      const { msBeforeNext } = cause as RateLimiterRes;
      throw new GatewayError("too_many_wrong_keys", "Too many wrong API keys came from this address.", {
        retryAfterMs: msBeforeNext,
      });
    }
  }
}

/** Of an IPv6 address its first 64 bits, as one holder has all of the rest. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail].slice(0, 4).join(":");
}
