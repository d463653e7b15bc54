import { GatewayError } from "../errors.ts";
import { addressOf, leftSite } from "./address.ts";
import type { PageFailure } from "./in-page.ts";

const ELSEWHERE = "elsewhere ";
const FAILURES: Readonly<Record<Exclude<PageFailure, `elsewhere ${string}`>, () => GatewayError>> = {
  unreachable: () => new GatewayError("site_unreachable", "The site could not be reached."),
  cut: () => new GatewayError("reply_cut", "The site broke off in the middle of its answer."),
  too_large: () => new GatewayError("reply_too_large", "The site's answer is longer than the gateway accepts."),
  aborted: () => new GatewayError("client_closed", "The request was cancelled."),
};

/** What the page told of its request's end: a failure, or nothing. */
export function failureOf(told: string): GatewayError | undefined {
  if (isElsewhere(told)) return leftSite(addressOf(told.slice(ELSEWHERE.length)));
  return isFailure(told) ? FAILURES[told]() : undefined;
}

function isFailure(text: string): text is keyof typeof FAILURES {
  return Object.hasOwn(FAILURES, text);
}

/** Whether the page refused the request, since it stands elsewhere. */
export function isElsewhere(told: string): boolean {
  return told.startsWith(ELSEWHERE);
}
