export const ACCOUNT_STATES = [
  "idle",
  "opening",
  "ready",
  "busy",
  "rate_limited",
  "cooldown",
  "challenged",
  "needs_attention",
  "expired",
  "disabled",
  "taken_over",
  "draining",
] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Where a failure leads, by its kind. */
const FAILED = ["idle", "cooldown", "challenged", "needs_attention", "expired"] as const;
/** Where an operator or the end of its time leads. */
const WITHDRAWN = ["disabled", "taken_over", "draining"] as const;

/**
 * Each state, and the states that may follow it.
 *
 * idle: its page is closed · opening: its page goes to the site · ready: waits for a request · busy: answers one ·
 * rate_limited: waits for its own rate limit · cooldown: the site told it to wait · challenged: the browser is to solve a
 * challenge · needs_attention: a person must solve it · expired: signed out · disabled: an operator switched it off ·
 * taken_over: an operator uses it · draining: it is removed, or the gateway stops.
 */
export const TRANSITIONS: Readonly<Record<AccountState, readonly AccountState[]>> = {
  idle: ["idle", "opening", "ready", "rate_limited", ...WITHDRAWN],
  opening: ["ready", "rate_limited", ...FAILED, ...WITHDRAWN],
  // A page that is lost leads to idle; one that is lost just before it is lent is opened again.
  ready: ["busy", "idle", "opening", ...WITHDRAWN],
  busy: ["ready", "rate_limited", ...FAILED, ...WITHDRAWN],
  rate_limited: ["ready", "idle", ...WITHDRAWN],
  cooldown: ["opening", ...WITHDRAWN],
  challenged: ["opening", "busy", "idle", "cooldown", "needs_attention", "expired", ...WITHDRAWN],
  needs_attention: ["opening", ...WITHDRAWN],
  expired: ["opening", ...WITHDRAWN],
  disabled: ["idle", "taken_over", "draining"],
  taken_over: ["idle", "disabled", "draining"],
  draining: [],
};
