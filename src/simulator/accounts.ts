import { randomBytes } from "node:crypto";

const CSRF_COOKIE = "__Host-next-auth.csrf-token";
const CALLBACK_COOKIE = "__Secure-next-auth.callback-url";
const SESSION_DAYS = 30;

export interface RotationOptions {
  /** The account's token is replaced after so many answers; default: never. */
  readonly rotateEveryReplies?: number;
  /** How many replaced tokens stay valid, for requests that are under way; default 1. */
  readonly replacedTokensInForce?: number;
  /** Lifetime of a token, as its cookie says; default 30. */
  readonly sessionDays?: number;
}

/** The accounts and their valid tokens. Tokens are replaced while they are used, as next-auth does. */
export class Accounts {
  readonly #options: RotationOptions;
  readonly #sessionCookie: string;
  readonly #tokens = new Map<string, string[]>();
  readonly #replies = new Map<string, number>();
  #issued = 0;

  /** `sessionCookie`: the name of the cookie that holds a token. */
  constructor(sessionCookie: string, options: RotationOptions = {}) {
    this.#sessionCookie = sessionCookie;
    this.#options = options;
  }

  /** Makes the account, or signs it in again. Returns its Cookie header. */
  add(name: string, home: URL): string {
    const csrf = randomBytes(32).toString("hex");
    const callback = `${CALLBACK_COOKIE}=${encodeURIComponent(home.href)}`;
    return `${this.#sessionCookie}=${this.rotate(name)}; ${CSRF_COOKIE}=${csrf}%7C${csrf}; ${callback}`;
  }

  /** The account with this token; undefined when the token is not valid. */
  nameOf(cookies: ReadonlyMap<string, string>): string | undefined {
    const token = cookies.get(this.#sessionCookie);
    if (token === undefined) return undefined;
    for (const [name, tokens] of this.#tokens) if (tokens.includes(token)) return name;
    return undefined;
  }

  /** A token contains its number, so that a test can tell which of two is the newer one: `numberOfToken`. */
  rotate(name: string): string {
    this.#issued += 1;
    const token = `${randomBytes(32).toString("base64url")}.${this.#issued}.${encodeURIComponent(name)}`;
    const replaced = (this.#tokens.get(name) ?? []).slice(0, this.#options.replacedTokensInForce ?? 1);
    this.#tokens.set(name, [token, ...replaced]);
    return token;
  }

  /** Counts an answer. Returns a new token when one is due. */
  rotateOnReply(name: string): string | undefined {
    const count = (this.#replies.get(name) ?? 0) + 1;
    this.#replies.set(name, count);
    const every = this.#options.rotateEveryReplies;
    return every !== undefined && count % every === 0 ? this.rotate(name) : undefined;
  }

  /** The newest token. */
  currentToken(name: string): string | undefined {
    return this.#tokens.get(name)?.[0];
  }

  /** The Set-Cookie header for a token. */
  sessionCookie(token: string): string {
    const expires = this.sessionExpires().toUTCString();
    return `${this.#sessionCookie}=${token}; Path=/; Expires=${expires}; HttpOnly; Secure; SameSite=Lax`;
  }

  /** The Set-Cookie header that removes a token. */
  get removedSessionCookie(): string {
    return `${this.#sessionCookie}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax`;
  }

  sessionExpires(): Date {
    return new Date(Date.now() + (this.#options.sessionDays ?? SESSION_DAYS) * 86_400_000);
  }

  /** From now on only the oldest token is valid. */
  forgetNewest(name: string): void {
    this.#tokens.set(name, (this.#tokens.get(name) ?? []).slice(-1));
  }

  signOut(name: string): void {
    this.#tokens.delete(name);
  }
}

/** The number of the token in a Cookie header: the later it was issued, the higher. Undefined without a token of this site. */
export function numberOfToken(cookieHeader: string | undefined, sessionCookie: string): number | undefined {
  const number = parseCookies(cookieHeader).get(sessionCookie)?.split(".")[1];
  return number === undefined ? undefined : Number(number);
}

export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const pairs = (header ?? "").split(";").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
  return new Map(pairs);
}
