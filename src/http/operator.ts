import type { Request, RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { ConfiguredKeys, type ApiKeys } from "./api-keys.ts";
import { requireKey, secretsIn } from "./auth.ts";
import type { ConsoleSession } from "./console-session.ts";
import { ConsoleSessions, isTokenOf, type ConsoleSessionLimits } from "./console-sessions.ts";
import { KeyBrake } from "./key-brake.ts";
import { isOwnPage } from "./own-origin.ts";
import { requestContextOf } from "./request-context.ts";
import { sessionSecrets } from "./session-cookie.ts";

/** How the operator gets in: with the key, or with a session that the key began. Disposing it ends the sessions. */
export class OperatorAccess implements Disposable {
  readonly keys: ApiKeys;
  readonly sessions: ConsoleSessions;
  /** Counts wrong keys on every route, whomever it is for. */
  readonly brake = new KeyBrake();

  constructor(adminKey: string, limits: Partial<ConsoleSessionLimits> = {}) {
    this.keys = new ConfiguredKeys([{ name: "admin", value: adminKey }]);
    this.sessions = new ConsoleSessions(limits);
  }

  [Symbol.dispose](): void {
    this.sessions[Symbol.dispose]();
  }
}

/** What changes nothing needs no proof that a page of the gateway asks: no other page can read the answer. */
const READING = new Set(["GET", "HEAD"]);

/**
 * Admits requests with the operator's key, or with the cookie of the console's session. A key goes before a cookie. With the
 * cookie, the request must come from a page of the gateway, and one that changes anything must show the session's token.
 */
export function requireOperator({ keys, sessions, brake }: OperatorAccess): RequestHandler {
  const withKey = requireKey(keys, brake);
  return async (request, response, next) => {
    const context = requestContextOf(response);
    const secrets = sessionSecrets(request.headers);
    if (secretsIn(request.headers).length > 0 || secrets.length === 0) {
      context.actor = "admin key";
      await withKey(request, response, next);
      return;
    }
    const session = await sessionOf(sessions, secrets);
    refuseForgery(request, session);
    context.actor = "console";
    context.session = session;
    context.acceptedKey = { keyId: session.id, name: "console", limits: {}, models: undefined };
    next();
  };
}

/** @throws GatewayError `request_forged` where another page asks for a sign-in. */
export const refuseOtherPages: RequestHandler = ({ headers }, _response, next) => {
  if (isOwnPage(headers) === false) throw forged("comes from another page");
  next();
};

async function sessionOf(sessions: ConsoleSessions, secrets: readonly string[]): Promise<ConsoleSession> {
  for (const secret of secrets) {
    const session = await sessions.find(secret);
    if (session) return session;
  }
  throw new GatewayError("session_ended", "The console's session has ended. Sign in again.");
}

function refuseForgery({ method, headers }: Request, session: ConsoleSession): void {
  const isOwn = isOwnPage(headers);
  if (isOwn === false && headers["sec-fetch-site"] !== "none") throw forged("comes from another page");
  if (READING.has(method)) return;
  if (isOwn !== true) throw forged("does not say from which page it comes, by Origin or Sec-Fetch-Site");
  if (!isTokenOf(session, headers["x-csrf-token"])) throw forged("has a wrong x-csrf-token or none");
}

function forged(what: string): GatewayError {
  return new GatewayError("request_forged", `The request ${what}, so the console's cookie is not accepted.`);
}
