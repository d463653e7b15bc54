import { randomBytes } from "node:crypto";

const SESSION_COOKIE = "__Secure-next-auth.session-token";
const CSRF_COOKIE = "__Host-next-auth.csrf-token";
const CALLBACK_COOKIE = "__Secure-next-auth.callback-url";
const SESSION_DAYS = 30;
/** A token that was replaced stays good for the requests that are under way with it. */
const TOKENS_IN_FORCE = 2;

/** Who may sign in, and with which tokens; as next-auth does it, a token is replaced while it is used. */
export class Accounts {
  readonly #tokens = new Map<string, string[]>();

  /** Makes the account and gives its cookies as a Cookie header. */
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
    const token = `${randomBytes(32).toString("base64url")}.${name}`;
    this.#tokens.set(name, [token, ...(this.#tokens.get(name) ?? [])].slice(0, TOKENS_IN_FORCE));
    return token;
  }

  /** The token that the site handed out last. */
  currentToken(name: string): string | undefined {
    return this.#tokens.get(name)?.[0];
  }

  signOut(name: string): void {
    this.#tokens.delete(name);
  }
}

export function sessionCookie(token: string): string {
  return `${SESSION_COOKIE}=${token}; Path=/; Expires=${sessionExpires().toUTCString()}; HttpOnly; Secure; SameSite=Lax`;
}

export const REMOVED_SESSION_COOKIE = `${SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax`;

export function sessionExpires(): Date {
  return new Date(Date.now() + SESSION_DAYS * 86_400_000);
}

export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const pairs = (header ?? "").split(";").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
  return new Map(pairs);
}
