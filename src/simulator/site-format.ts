import type { IncomingHttpHeaders } from "node:http";
import { fieldsOf } from "./body.ts";

/** What one site's own pages send and get. All else, the faults among it, is the same for every simulated site. */
export interface SiteFormat {
  readonly homePath: string;
  readonly promptPath: string;
  /** The content type with which the site's own page sends a prompt. */
  readonly promptType: string;
  readonly sessionPath: string;
  /** The name of the cookie that keeps an account signed in. */
  readonly sessionCookie: string;
  /** The prompt in a body; undefined if the body is wrong. */
  promptIn(body: string): string | undefined;
  /** What the site says at `sessionPath`. `account` is undefined for a visitor who is signed out. */
  sessionOf(account: string | undefined, expires: Date): SessionAnswer;
}

interface SessionAnswer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: object;
}

/** As gptomni.ai, which signs in with next-auth. */
export const GPTOMNI_FORMAT: SiteFormat = {
  homePath: "/zh",
  promptPath: "/api/chatWithText",
  promptType: "text/plain;charset=UTF-8",
  sessionPath: "/api/auth/session",
  sessionCookie: "__Secure-next-auth.session-token",
  promptIn(body) {
    const { prompt } = fieldsOf(body);
    return typeof prompt === "string" ? prompt : undefined;
  },
  sessionOf(account, expires) {
    const user = { name: account, email: `${account}@example.com` };
    return { status: 200, body: account === undefined ? {} : { user, expires: expires.toISOString() } };
  },
};

interface Asked {
  readonly headers: IncomingHttpHeaders;
  /** Undefined for a visitor who is signed out. */
  readonly account: string | undefined;
  /** Undefined if the body holds none. */
  readonly prompt: string | undefined;
  /** The site's own. */
  readonly origin: string;
}

/** A site answers its own page only. Gives the status for everybody else. */
export function refusalOf({ headers, account, prompt, origin }: Asked, promptType: string): number | undefined {
  const isFromPage = headers.origin === origin && headers.referer?.startsWith(`${origin}/`);
  if (!isFromPage || headers["sec-fetch-site"] !== "same-origin") return 403;
  if (account === undefined) return 401;
  return prompt !== undefined && headers["content-type"] === promptType ? undefined : 400;
}
