import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { GatewayError } from "../errors.ts";
import type { ConsoleSession } from "../http/console-session.ts";
import type { ConsoleSessions } from "../http/console-sessions.ts";
import type { OperatorAccess } from "../http/operator.ts";
import { isOverTls } from "../http/own-origin.ts";
import { requestContextOf } from "../http/request-context.ts";
import { sendJson } from "../http/respond.ts";
import type { Route } from "../http/route.ts";
import { removeSessionCookie, sessionSecrets, setSessionCookie } from "../http/session-cookie.ts";
import type { Audit } from "./audit.ts";
import { bodyOf, readShortBody } from "./input.ts";
import { unixMs } from "./list.ts";

const signInBody = z.strictObject({ key: z.string().min(1).meta({ description: "ADMIN_KEY." }) });

const sessionSchema = z
  .object({
    csrfToken: z.string().meta({ description: "Send it as `x-csrf-token` with each request that changes something." }),
    expiresAt: unixMs.meta({ description: "When the session ends if nothing is asked until then." }),
    idleMs: z.int().meta({ description: "CONSOLE_IDLE_SECONDS: how long nobody may touch the console." }),
  })
  .meta({ id: "ConsoleSession" });

const signedOutSchema = z.object({ signedOut: z.literal(true) }).meta({ id: "SignedOut" });

export interface SessionParts {
  readonly operator: OperatorAccess;
  readonly audit: Audit;
}

/** How the console signs in: the key is shown once, then a cookie that no script can read. */
export function sessionRoutes(parts: SessionParts): Route[] {
  const path = "/admin/api/session";
  return [
    {
      method: "POST",
      path,
      audience: "sign-in",
      operation: {
        tag: "Gateway",
        summary: "Sign in to the console; sets the session's cookie",
        request: signInBody,
        example: { key: "sk-admin-…" },
        answer: sessionSchema,
        errors: ["invalid_api_key", "too_many_wrong_keys"],
      },
      handlers: [...readShortBody(), signIn(parts)],
    },
    {
      method: "GET",
      path,
      audience: "admin",
      operation: { tag: "Gateway", summary: "Show the console's session", answer: sessionSchema },
      handlers: [(_request, response) => sendJson(response, 200, shown(sessionFor(response), parts.operator.sessions))],
    },
    {
      method: "DELETE",
      path,
      audience: "admin",
      operation: { tag: "Gateway", summary: "Sign out of the console", answer: signedOutSchema },
      handlers: [signOut(parts)],
    },
  ];
}

/** Whatever session the browser had ends, so nobody who planted its cookie shares the new one. */
function signIn({ operator: { keys, sessions, brake }, audit }: SessionParts): RequestHandler {
  return async (request, response) => {
    const { key } = bodyOf(request, signInBody);
    if (!(await keys.find(key))) {
      await brake.count(request);
      throw new GatewayError("invalid_api_key", "This is not the operator's key (ADMIN_KEY).");
    }
    for (const old of sessionSecrets(request.headers)) {
      const before = await sessions.find(old);
      if (before) await sessions.end(before.id);
    }
    const { session, secret } = await sessions.start();
    setSessionCookie(response, secret, { isSecure: isOverTls(request.headers) });
    audit({ actor: "console", kind: "signed_in", subject: session.id, before: null, after: null });
    sendJson(response, 200, shown(session, sessions));
  };
}

function signOut({ operator: { sessions }, audit }: SessionParts): RequestHandler {
  return async (_request, response) => {
    const { id } = sessionFor(response);
    await sessions.end(id);
    removeSessionCookie(response);
    audit({ actor: "console", kind: "signed_out", subject: id, before: null, after: null });
    sendJson(response, 200, { signedOut: true });
  };
}

/** @throws GatewayError `session_ended` for a request with the operator's key, which has no session. */
function sessionFor(response: Response): ConsoleSession {
  const { session } = requestContextOf(response);
  if (session) return session;
  throw new GatewayError("session_ended", "The request came with a key: there is no session.");
}

function shown(
  { csrfToken, expiresAt }: ConsoleSession,
  { idleMs }: Pick<ConsoleSessions, "idleMs">,
): z.infer<typeof sessionSchema> {
  return { csrfToken, expiresAt, idleMs };
}
