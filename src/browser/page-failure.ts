import { GatewayError, type ErrorCode } from "../errors.ts";
import { addressOf, leftSite } from "./address.ts";
import type { PageFailure } from "./in-page.ts";

const ELSEWHERE = "elsewhere ";
/** Networks that changed, such as wireless ones, tunnels and containers, work again after less time. */
const NETWORK_SETTLES_MS = 1_000;
/** The machine's own network failed, and it usually comes back by itself. */
const NETWORK_CHANGES = /^net::ERR_(?:NETWORK_CHANGED|NETWORK_IO_SUSPENDED|INTERNET_DISCONNECTED)$/;

type Failure = Exclude<PageFailure, `elsewhere ${string}`>;

const FAILURES: Readonly<Record<Failure, readonly [code: ErrorCode, message: string]>> = {
  unreachable: ["site_unreachable", "The site could not be reached."],
  cut: ["reply_cut", "The site broke off in the middle of its answer."],
  too_large: ["reply_too_large", "The site's answer is longer than the gateway accepts."],
  aborted: ["client_closed", "The request was cancelled."],
  expired: ["ownership_lost", "The page was not told in time that the account is still this replica's."],
};

/** The error for the end that the page reported; undefined for success. `why`: the browser's reason, if known. */
export function failureOf(told: string, why?: string): GatewayError | undefined {
  if (isElsewhere(told)) return leftSite(addressOf(told.slice(ELSEWHERE.length)));
  if (!isFailure(told)) return undefined;
  const [code, message] = FAILURES[told];
  if (why === undefined) return new GatewayError(code, message);
  const details = NETWORK_CHANGES.test(why) ? { repeatAfterMs: NETWORK_SETTLES_MS } : {};
  return new GatewayError(code, message.replace(/\.$/, ` (${why}).`), details);
}

/** Whether the browser may know the reason for this end. The page does not. */
export function hasCause(told: string): boolean {
  return told === "unreachable" || told === "cut";
}

function isFailure(text: string): text is Failure {
  return Object.hasOwn(FAILURES, text);
}

/** Whether the page did not send the request because its document is not the site's. */
export function isElsewhere(told: string): boolean {
  return told.startsWith(ELSEWHERE);
}
