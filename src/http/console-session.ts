/** A browser in which the operator is signed in to the console. */
export interface ConsoleSession {
  /** Names the session, and opens nothing. */
  readonly id: string;
  /** What a page must show, beside the cookie, to change anything. */
  readonly csrfToken: string;
  /** When it ends if nothing is asked until then, in Unix time, milliseconds. */
  readonly expiresAt: number;
  /** Aborts when the session ends: what was opened under it must end too. */
  readonly ended: AbortSignal;
}

/** A session as gateways share it. Times are in Unix time, milliseconds. */
export interface SharedSession {
  /** Of the secret in its cookie. */
  readonly digest: string;
  readonly id: string;
  readonly endsAt: number;
  readonly idleUntil: number;
}

interface SessionParts extends SharedSession {
  readonly csrfToken: string;
  readonly idleMs: number;
}

/** A session at this gateway. */
export class Session implements ConsoleSession {
  readonly id: string;
  readonly digest: string;
  readonly csrfToken: string;
  readonly endsAt: number;
  readonly #idleMs: number;
  readonly #ended = new AbortController();
  #idleUntil: number;
  #timer: NodeJS.Timeout | undefined;
  /** Until when it lasts, as other gateways know; 0 while they do not know it. */
  sharedUntil = 0;
  /** It was not used here for too long. */
  onIdle: () => void = () => this.end();

  constructor({ id, digest, csrfToken, endsAt, idleUntil, idleMs }: SessionParts) {
    this.id = id;
    this.digest = digest;
    this.csrfToken = csrfToken;
    this.endsAt = endsAt;
    this.#idleUntil = idleUntil;
    this.#idleMs = idleMs;
    this.prolong(idleUntil);
  }

  get expiresAt(): number {
    return Math.min(this.endsAt, this.#idleUntil);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  used(): void {
    this.prolong(Date.now() + this.#idleMs);
  }

  prolong(idleUntil: number): void {
    this.#idleUntil = idleUntil;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.onIdle(), Math.max(0, this.expiresAt - Date.now())).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }
}
