import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Session, type ConsoleSession, type SharedSession } from "./console-session.ts";

export interface ConsoleSessionLimits {
  /** A session ends when nothing was asked for this long, … */
  readonly idleMs: number;
  /** … and in any case after this. */
  readonly lifetimeMs: number;
  /** A further one ends the one that was idle for longest. */
  readonly maxSessions: number;
}

/** Where gateways share sessions. */
export interface SharedSessions {
  add(session: SharedSession, keep: number): Promise<void>;
  find(digest: string): Promise<SharedSession | undefined>;
  prolong(digest: string, idleUntil: number): Promise<void>;
  remove(id: string): Promise<void>;
  ids(): Promise<ReadonlySet<string>>;
}

const LIMITS: ConsoleSessionLimits = { idleMs: 30 * 60_000, lifetimeMs: 12 * 3_600_000, maxSessions: 16 };
const SECRET_BYTES = 32;
const ID_BYTES = 9;
/** Other gateways hear so often, or several times while a session may be idle, that it is in use. */
const SHARE_EVERY_MS = 60_000;
const SHARES_WHILE_IDLE = 4;

/**
 * The console's sessions. A session is found by the digest of the secret in its cookie; each sign-in makes another secret. They
 * are kept in memory, so a restart ends them, unless gateways share them: then each gateway takes a session over when its cookie
 * comes, and ends it when another gateway has ended it.
 */
export class ConsoleSessions implements Disposable {
  readonly #limits: ConsoleSessionLimits;
  /** By the digest of the secret; the one that was used last comes last. */
  readonly #sessions = new Map<string, Session>();
  #shared: SharedSessions | undefined;

  constructor(limits: Partial<ConsoleSessionLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** A session ends when nothing was asked for this long. */
  get idleMs(): number {
    return this.#limits.idleMs;
  }

  /** From now on, sessions are those of all gateways. */
  share(shared: SharedSessions): void {
    this.#shared = shared;
  }

  /** `secret` belongs in the cookie. A session that cannot be shared is this gateway's alone. */
  async start(): Promise<{ readonly session: ConsoleSession; readonly secret: string }> {
    const { idleMs, lifetimeMs, maxSessions } = this.#limits;
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const id = randomBytes(ID_BYTES).toString("base64url");
    const now = Date.now();
    const stored = { id, digest: digestOf(secret), endsAt: now + lifetimeMs, idleUntil: now + idleMs };
    const session = this.#open(stored, secret);
    const [oldest] = this.#sessions.values();
    if (this.#sessions.size > maxSessions) oldest?.end();
    await this.#shared?.add(stored, maxSessions).then(
      () => (session.sharedUntil = stored.idleUntil),
      () => {},
    );
    return { session, secret };
  }

  /** The running session whose cookie has this secret. That it is asked for counts as a use of it. */
  async find(secret: string): Promise<ConsoleSession | undefined> {
    const session = this.#sessions.get(digestOf(secret)) ?? (await this.#fetch(secret));
    if (!session || session.ended.aborted) return undefined;
    this.#sessions.delete(session.digest);
    this.#sessions.set(session.digest, session);
    session.used();
    this.#tellUse(session);
    return session;
  }

  /** At every gateway. */
  async end(id: string): Promise<void> {
    this.#endHere(id);
    await this.#shared?.remove(id).catch(() => {});
  }

  /** Ends the sessions that another gateway has ended. @throws what the place where they are shared throws. */
  async review(): Promise<void> {
    const ids = await this.#shared?.ids();
    const shared = [...this.#sessions.values()].filter(({ sharedUntil }) => sharedUntil > 0);
    for (const session of ids ? shared : []) if (!ids?.has(session.id)) session.end();
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) session.end();
  }

  #endHere(id: string): void {
    [...this.#sessions.values()].find((session) => session.id === id)?.end();
  }

  #open(stored: SharedSession, secret: string): Session {
    const session = new Session({ ...stored, csrfToken: tokenOf(secret), idleMs: this.#limits.idleMs });
    session.ended.addEventListener("abort", () => this.#sessions.delete(session.digest), { once: true });
    if (this.#shared) session.onIdle = () => void this.#reconsider(session);
    this.#sessions.set(session.digest, session);
    return session;
  }

  async #fetch(secret: string): Promise<Session | undefined> {
    const stored = await this.#shared?.find(digestOf(secret)).catch(() => undefined);
    if (!stored) return undefined;
    const session = this.#sessions.get(stored.digest) ?? this.#open(stored, secret);
    session.sharedUntil = stored.idleUntil;
    return session;
  }

  #tellUse(session: Session): void {
    const everyMs = Math.min(SHARE_EVERY_MS, this.#limits.idleMs / SHARES_WHILE_IDLE);
    if (!this.#shared || session.sharedUntil === 0 || session.expiresAt - session.sharedUntil < everyMs) return;
    session.sharedUntil = session.expiresAt;
    this.#shared.prolong(session.digest, session.expiresAt).catch(() => {});
  }

  /** It may have been in use at another gateway. */
  async #reconsider(session: Session): Promise<void> {
    const stored = await this.#shared?.find(session.digest).catch(() => undefined);
    if (stored) session.prolong(stored.idleUntil);
    else session.end();
  }
}

/** In constant time. */
export function isTokenOf(session: ConsoleSession, token: unknown): boolean {
  if (typeof token !== "string") return false;
  const [given, wanted] = [Buffer.from(token), Buffer.from(session.csrfToken)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Every gateway makes the same one of the secret; nobody makes the secret of it. */
function tokenOf(secret: string): string {
  return createHmac("sha256", secret).update("x-csrf-token").digest("base64url");
}

function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
