import { randomBytes } from "node:crypto";

const LIFE_MS = 60_000;
/** More than any operator opens in a minute; the oldest go first. */
const MAX_TICKETS = 100;

export interface Ticket {
  readonly ticket: string;
  /** In Unix milliseconds. */
  readonly expiresAt: number;
}

/** Tickets that each grant one thing once, within a minute. A ticket is a secret. */
export class Tickets<T> {
  readonly #lifeMs: number;
  readonly #grants = new Map<string, { readonly grant: T; readonly untilMs: number }>();

  constructor(lifeMs = LIFE_MS) {
    this.#lifeMs = lifeMs;
  }

  issue(grant: T): Ticket {
    const [oldest] = this.#grants.keys();
    if (oldest !== undefined && this.#grants.size >= MAX_TICKETS) this.#grants.delete(oldest);
    const ticket = randomBytes(32).toString("base64url");
    this.#grants.set(ticket, { grant, untilMs: performance.now() + this.#lifeMs });
    return { ticket, expiresAt: Date.now() + this.#lifeMs };
  }

  /** What the ticket grants; undefined if it is unknown, used or too old. */
  redeem(ticket: string): T | undefined {
    const found = this.#grants.get(ticket);
    this.#grants.delete(ticket);
    return found && performance.now() < found.untilMs ? found.grant : undefined;
  }
}
