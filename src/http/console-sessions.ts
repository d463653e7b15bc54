import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

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

export interface ConsoleSessionLimits {
  /** A session ends when nothing was asked for this long, … */
  readonly idleMs: number;
  /** … and in any case after this. */
  readonly lifetimeMs: number;
  /** A further one ends the one that was idle for longest. */
  readonly maxSessions: number;
}

const LIMITS: ConsoleSessionLimits = { idleMs: 30 * 60_000, lifetimeMs: 12 * 3_600_000, maxSessions: 16 };
const SECRET_BYTES = 32;
const ID_BYTES = 9;

class Session implements ConsoleSession {
  readonly id = randomBytes(ID_BYTES).toString("base64url");
  readonly csrfToken = randomBytes(SECRET_BYTES).toString("base64url");
  readonly #limits: ConsoleSessionLimits;
  readonly #endsAt: number;
  readonly #ended = new AbortController();
  #idleUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: ConsoleSessionLimits, onEnd: () => void) {
    this.#limits = limits;
    this.#endsAt = Date.now() + limits.lifetimeMs;
    this.#ended.signal.addEventListener("abort", onEnd, { once: true });
    this.used();
  }

  get expiresAt(): number {
    return Math.min(this.#endsAt, this.#idleUntil);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  used(): void {
    this.#idleUntil = Date.now() + this.#limits.idleMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), Math.max(0, this.expiresAt - Date.now())).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }
}

/**
 * The console's sessions. They are kept in memory, so a restart ends them. A session is found by the digest of the secret in
 * its cookie; each sign-in makes another secret.
 */
export class ConsoleSessions implements Disposable {
  readonly #limits: ConsoleSessionLimits;
  /** By the digest of the secret; the one that was used last comes last. */
  readonly #sessions = new Map<string, Session>();

  constructor(limits: Partial<ConsoleSessionLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** A session ends when nothing was asked for this long. */
  get idleMs(): number {
    return this.#limits.idleMs;
  }

  /** `secret` belongs in the cookie. */
  start(): { readonly session: ConsoleSession; readonly secret: string } {
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const digest = digestOf(secret);
    const session = new Session(this.#limits, () => this.#sessions.delete(digest));
    this.#sessions.set(digest, session);
    const [oldest] = this.#sessions.values();
    if (this.#sessions.size > this.#limits.maxSessions) oldest?.end();
    return { session, secret };
  }

  /** The running session whose cookie has this secret. That it is asked for counts as a use of it. */
  find(secret: string): ConsoleSession | undefined {
    const digest = digestOf(secret);
    const session = this.#sessions.get(digest);
    if (!session) return undefined;
    this.#sessions.delete(digest);
    this.#sessions.set(digest, session);
    session.used();
    return session;
  }

  end(id: string): void {
    [...this.#sessions.values()].find((session) => session.id === id)?.end();
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) session.end();
  }
}

/** In constant time. */
export function isTokenOf(session: ConsoleSession, token: unknown): boolean {
  if (typeof token !== "string") return false;
  const [given, wanted] = [Buffer.from(token), Buffer.from(session.csrfToken)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
