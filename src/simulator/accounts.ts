import { randomBytes } from "node:crypto";

const SESSION_COOKIE = "__Secure-next-auth.session-token";
const CSRF_COOKIE = "__Host-next-auth.csrf-token";
const CALLBACK_COOKIE = "__Secure-next-auth.callback-url";
const SESSION_DAYS = 30;

export interface RotationOptions {
  /** Every so many answers to an account's prompts replace its token; never unless told. */
  readonly rotateEveryReplies?: number;
  /** How many replaced tokens stay good for the requests that are under way with them; 1 unless told. */
  readonly replacedTokensInForce?: number;
  /** How long a token holds, as its cookie says; 30 unless told. */
  readonly sessionDays?: number;
}

/** Who may sign in, and with which tokens; as next-auth does it, a token is replaced while it is used. */
export class Accounts {
  readonly #options: RotationOptions;
  readonly #tokens = new Map<string, string[]>();
  readonly #replies = new Map<string, number>();

  constructor(options: RotationOptions = {}) {
    this.#options = options;
  }

  /** Makes the account, or signs it in once more, and gives its cookies as a Cookie header. */
  add(name: string, origin: string): string {
    const csrf = randomBytes(32).toString("hex");
    const callback = `${CALLBACK_COOKIE}=${encodeURIComponent(`${origin}/zh`)}`;
    return `${SESSION_COOKIE}=${this.rotate(name)}; ${CSRF_COOKIE}=${csrf}%7C${csrf}; ${callback}`;
  }

  /** Whose token this is, while it holds. */
  nameOf(cookies: ReadonlyMap<string, string>): string | undefined {
    const token = cookies.get(SESSION_COOKIE);
    if (token === undefined) return undefined;
    for (const [name, tokens] of this.#tokens) if (tokens.includes(token)) return name;
    return undefined;
  }

  rotate(name: string): string {
    const token = `${randomBytes(32).toString("base64url")}.${encodeURIComponent(name)}`;
    const replaced = (this.#tokens.get(name) ?? []).slice(0, this.#options.replacedTokensInForce ?? 1);
    this.#tokens.set(name, [token, ...replaced]);
    return token;
  }

  /** Counts a reply; the new token where this one is due to bring it. */
  rotateOnReply(name: string): string | undefined {
    const count = (this.#replies.get(name) ?? 0) + 1;
    this.#replies.set(name, count);
    const every = this.#options.rotateEveryReplies;
    return every !== undefined && count % every === 0 ? this.rotate(name) : undefined;
  }

  /** The token that the site handed out last. */
  currentToken(name: string): string | undefined {
    return this.#tokens.get(name)?.[0];
  }

  /** What the site sets for a token. */
  sessionCookie(token: string): string {
    const expires = this.sessionExpires().toUTCString();
    return `${SESSION_COOKIE}=${token}; Path=/; Expires=${expires}; HttpOnly; Secure; SameSite=Lax`;
  }

  sessionExpires(): Date {
    return new Date(Date.now() + (this.#options.sessionDays ?? SESSION_DAYS) * 86_400_000);
  }

  /** Only the token that was handed out first holds from now on. */
  forgetNewest(name: string): void {
    this.#tokens.set(name, (this.#tokens.get(name) ?? []).slice(-1));
  }

  signOut(name: string): void {
    this.#tokens.delete(name);
  }
}

export const REMOVED_SESSION_COOKIE = `${SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax`;

export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const pairs = (header ?? "").split(";").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
  return new Map(pairs);
}
