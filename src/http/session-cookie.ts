import type { IncomingHttpHeaders } from "node:http";
import type { Response } from "express";

const NAME = "gateway_session";
/** Cookies know no ports: another program on this machine sees it only if the browser visits the same path there. */
const ATTRIBUTES = "Path=/admin; HttpOnly; SameSite=Strict";

/** The secrets of every cookie with the session's name: another program of this host may have set one too. */
export function sessionSecrets({ cookie = "" }: IncomingHttpHeaders): readonly string[] {
  return cookie
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${NAME}=`))
    .map((pair) => pair.slice(NAME.length + 1));
}

/** It lasts until the browser ends or the session does. */
export function setSessionCookie(
  response: Response,
  secret: string,
  { isSecure }: { readonly isSecure: boolean },
): void {
  response.setHeader("set-cookie", `${NAME}=${secret}; ${ATTRIBUTES}${isSecure ? "; Secure" : ""}`);
}

export function removeSessionCookie(response: Response): void {
  response.setHeader("set-cookie", `${NAME}=; ${ATTRIBUTES}; Max-Age=0`);
}
