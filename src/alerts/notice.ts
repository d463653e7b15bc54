/**
 * Something that an operator should know. `state`: an account needs them, or works again · `expiry`: an account will be
 * signed out · `test`: nothing happened. Times are milliseconds since the epoch.
 */
export type Notice = StateNotice | ExpiryNotice | { readonly kind: "test"; readonly at: number };

export interface StateNotice {
  readonly kind: "state";
  readonly account: string;
  readonly state: string;
  /** The state that was told before; null if none was. */
  readonly before: string | null;
  readonly reason: string;
  readonly since: number;
  readonly nextTryAt: number | null;
}

export interface ExpiryNotice {
  readonly kind: "expiry";
  readonly account: string;
  readonly expiresAt: number;
}

/** States in which an operator must do something. */
const ALARMING: ReadonlySet<string> = new Set(["needs_attention", "expired"]);

export function isAlarming(state: string): boolean {
  return ALARMING.has(state);
}

/** Whether a person must do something before the account can serve. */
export function isAlarm(notice: Notice): boolean {
  return notice.kind === "state" && isAlarming(notice.state);
}

/** The notice in one sentence or two. */
export function textOf(notice: Notice): string {
  if (notice.kind === "test") return "This is a test. Alerts arrive here.";
  const { account } = notice;
  if (notice.kind === "expiry") {
    return `The account ${account} will be signed out at ${timeText(notice.expiresAt)}. Give it a new cookie.`;
  }
  const { state, before, reason } = notice;
  if (state === "needs_attention") return `The account ${account} needs a person. ${reason}`;
  if (state === "expired") return `The account ${account} is signed out. ${reason}`;
  return `The account ${account} works again. It was ${before ?? "out of use"}.`;
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
