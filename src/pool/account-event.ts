import type { Session } from "../browser/session.ts";
import { Listeners } from "../observe/listeners.ts";
import type { AccountState } from "./account-state.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** An account has entered another state. Times are milliseconds since the epoch. */
export interface StateChange {
  readonly kind: "state";
  readonly accountId: string;
  readonly from: AccountState;
  readonly to: AccountState;
  readonly reason: string;
  readonly since: number;
  /** When the gateway tries the account again by itself, if it does. */
  readonly nextTryAt: number | undefined;
}

/**
 * sent: a request has reached the site, and the rate limit counts it · cookies_changed: the browser holds other cookies
 * than before · page_lost: the open page died or froze while nobody used it.
 */
interface AccountFact {
  readonly kind: "sent" | "cookies_changed" | "page_lost";
  readonly accountId: string;
}

/** The browser refused one of the account's cookies. */
interface CookieRefused {
  readonly kind: "cookie_refused";
  readonly accountId: string;
  readonly name: string;
}

/** A request has used the account, and gives it back. */
interface LeaseOver {
  readonly kind: "lease_over";
  readonly accountId: string;
  readonly heldMs: number;
}

/** Why a page was replaced by a new one, or opened anew. */
export type RenewalReason = "requests" | "age" | "memory" | "operator" | "sign_in";

interface PageRenewed {
  readonly kind: "page_renewed";
  readonly accountId: string;
  readonly reason: RenewalReason;
}

/** Everything that happens to an account and that others act on: persistence, alerts, the log, metrics, the pool itself. */
export type AccountEvent = StateChange | AccountFact | CookieRefused | LeaseOver | PageRenewed;

export class AccountEvents extends Listeners<AccountEvent> {}

interface Sources {
  readonly session: Session;
  readonly rateLimiter: RateLimiter;
}

/** Makes events of what an account's session and rate limiter report. */
export function reportOn(accountId: string, { session, rateLimiter }: Sources, events: AccountEvents): void {
  rateLimiter.onSent = () => events.emit({ kind: "sent", accountId });
  session.onLost = () => events.emit({ kind: "page_lost", accountId });
  session.authCookies.onChange = () => events.emit({ kind: "cookies_changed", accountId });
  session.authCookies.onRefused = (name) => events.emit({ kind: "cookie_refused", accountId, name });
}
