import type { ChatRequest, ReplyPart } from "../chat.ts";
import { ERRORS, GatewayError, type ErrorCode } from "../errors.ts";

/** Counts up when a replica of the version before could not understand. Replicas of other numbers are not asked. */
export const PROTOCOL = 1;

export const TURNS_PATH = "/internal/turns";
export const OUTLOOK_PATH = "/internal/outlook";
export const ADMIN_PATH = "/internal/admin";
export const STREAM_PATH = "/internal/stream";
export const LIVE_VIEW_PATH = "/internal/live-view";

/** The door's first line: for whom an account is wanted. */
export interface WishLine {
  readonly keyId: string;
  readonly isBackground: boolean;
  readonly requestId: string | undefined;
  readonly site: string;
  /** Accounts that have failed the request. */
  readonly except: readonly string[];
  /** How long the request has waited, and how much longer it may. */
  readonly waitedMs: number;
  readonly limitMs: number;
  /** Whether a page may be woken for it. */
  readonly mayWake: boolean;
}

/** The code of a request that another replica has served. */
export const SERVED = "served";

/** What the door sends after its wish. */
export type DoorLine =
  | { readonly type: "wake" }
  | { readonly type: "leave"; readonly code: ErrorCode | typeof SERVED; readonly message?: string }
  | { readonly type: "ask"; readonly request: ChatRequest; readonly attempts: number; readonly queuedMs: number };

/** What the owner of the accounts sends. */
export type OwnerLine =
  | { readonly type: "grant"; readonly accountId: string; readonly pacedMs: number; readonly turnId: string }
  | { readonly type: "attempt"; readonly attempts: number }
  | { readonly type: "sent"; readonly afterMs: number }
  | ReplyPart
  | { readonly type: "outcome"; readonly error?: ErrorLine };

/** A GatewayError without its stack. */
export type ErrorLine = Pick<
  GatewayError,
  "code" | "message" | "param" | "retryAfterMs" | "repeatAfterMs" | "estimatedWaitMs"
>;

export function errorLine({ code, message, ...details }: GatewayError): ErrorLine {
  const { param, retryAfterMs, repeatAfterMs, estimatedWaitMs } = details;
  return { code, message, param, retryAfterMs, repeatAfterMs, estimatedWaitMs };
}

/** A code that this version does not know is a bug, since the protocol's number is the same. */
export function errorIn({ code, message, ...details }: ErrorLine): GatewayError {
  if (!Object.hasOwn(ERRORS, code)) return new GatewayError("internal_error", message);
  return new GatewayError(code, message, definedIn(details));
}

/** JSON has no undefined, and details may not be undefined. */
function definedIn<T extends object>(details: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)) as never;
}
