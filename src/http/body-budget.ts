import { GatewayError } from "../errors.ts";

/** Requests release what they hold when they end, within seconds to minutes. */
const RETRY_AFTER_MS = 5_000;

export interface BodyBudgetLimits {
  /** Of all bodies together. */
  readonly maxBytes: () => number;
  /** How many keys there are now. */
  readonly keys: () => number;
}

/** One request's part of the budget. */
export interface Hold {
  /** Holds at least so many bytes. @throws GatewayError `overloaded` where the key may not hold as many. */
  growTo(bytes: number): void;
  release(): void;
}

/**
 * Limits the sum of all bodies that are read or held, and shares the limit among keys. Half of it is reserved for the keys
 * in equal parts, so that no key is shut out by others. Of the other half, a key may hold as much as it leaves free. A
 * single key may hold everything.
 */
export class BodyBudget {
  readonly #limits: BodyBudgetLimits;
  readonly #heldBytes = new Map<string, number>();

  constructor(limits: BodyBudgetLimits) {
    this.#limits = limits;
  }

  /** For one request with this key. */
  hold(key: string): Hold {
    let heldBytes = 0;
    const setTo = (bytes: number): void => {
      const sum = this.#of(key) + bytes - heldBytes;
      if (sum > 0) this.#heldBytes.set(key, sum);
      else this.#heldBytes.delete(key);
      heldBytes = bytes;
    };
    return {
      growTo: (bytes) => {
        if (bytes <= heldBytes) return;
        if (!this.#mayHold(key, this.#of(key) + bytes - heldBytes)) throw tooMuch();
        setTo(bytes);
      },
      release: () => setTo(0),
    };
  }

  #mayHold(key: string, bytes: number): boolean {
    const [keys, maxBytes] = [this.#limits.keys(), this.#limits.maxBytes()];
    const commonBytes = keys > 1 ? maxBytes / 2 : 0;
    const ownBytes = (maxBytes - commonBytes) / Math.max(1, keys);
    const common = bytes - ownBytes;
    if (common <= 0) return true;
    const others = [...this.#heldBytes].filter(([other]) => other !== key);
    const taken = others.reduce((sum, [, held]) => sum + Math.max(0, held - ownBytes), 0);
    return common <= commonBytes - taken - common;
  }

  #of(key: string): number {
    return this.#heldBytes.get(key) ?? 0;
  }
}

function tooMuch(): GatewayError {
  const message = "The bodies of this key's requests take as much memory as they may now. Try again shortly.";
  return new GatewayError("overloaded", message, { retryAfterMs: RETRY_AFTER_MS });
}
