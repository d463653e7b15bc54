import type { ChatRequest, ReplyPart } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { PageFetch, PageHead, PageResponse, Site } from "./site.ts";
import { flatten } from "./prompt.ts";

const REPLY_PATH = "/api/chatWithText";
const SESSION_PATH = "/api/auth/session";
/** A proxy in front of the site stopped waiting, although the site has the prompt. 524 is Cloudflare's. */
const GAVE_UP_WAITING: ReadonlySet<number> = new Set([504, 524]);
/** The length of `<!doctype html>`. */
const HTML_SNIFF_CHARACTERS = 15;

/**
 * gptomni.ai: `POST /api/chatWithText` with `{"prompt": …}` answers with the text itself, streamed as UTF-8 without framing.
 * The site signs in with next-auth, whose session endpoint gives `{}` when signed out.
 */
export function gptomni(origin: URL): Site {
  return {
    name: "gptomni",
    origin,
    homePath: "/zh",
    // next-auth's own address; it leads on to the site's page if that has one.
    loginPath: "/api/auth/signin",
    models: ["gptomni"],
    isAuthCookie,
    isSignedIn,
    isChallenge,
    promptOf: flatten,
    reply,
  };
}

/** next-auth splits a long token over several cookies: `.0`, `.1`, … */
function isAuthCookie(name: string): boolean {
  return /^(?:__Secure-)?next-auth\.session-token(?:\.\d+)?$/.test(name);
}

async function isSignedIn(fetch: PageFetch, signal: AbortSignal): Promise<boolean> {
  const response = await fetch({ path: SESSION_PATH, method: "GET", headers: { Accept: "*/*" } }, signal);
  if (response.status !== 200) throw await failure(response);
  const text = await collect(response.body);
  if (isHtml(response, text)) throw challenged();
  try {
    const session: unknown = JSON.parse(text);
    return typeof session === "object" && session !== null && "user" in session && Boolean(session.user);
  } catch (cause) {
    throw new GatewayError("site_changed", "The site's session endpoint answers something else now.", { cause });
  }
}

async function* reply(
  fetch: PageFetch,
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ReplyPart, void, undefined> {
  const response = await fetch(
    {
      path: REPLY_PATH,
      method: "POST",
      headers: { Accept: "*/*", "Content-Type": "text/plain;charset=UTF-8" },
      body: JSON.stringify({ prompt: flatten(request) }),
    },
    signal,
  );
  if (response.status !== 200) throw await failure(response);
  if (response.headers["content-type"]?.includes("json")) throw await jsonFailure(response);
  // White space alone is no answer, and a page is recognised by its first characters. So the first characters are held back.
  let held = "";
  let isUnderWay = false;
  for await (const text of response.body) {
    if (isUnderWay) {
      yield { type: "text-delta", text };
      continue;
    }
    held += text;
    if (held.trimStart().length < (mayBeHtml(response) ? HTML_SNIFF_CHARACTERS : 1)) continue;
    if (isHtml(response, held)) throw challenged();
    isUnderWay = true;
    yield { type: "text-delta", text: held };
  }
  if (!isUnderWay) {
    if (held.trim() === "") throw new GatewayError("reply_empty", "The site's answer was empty.");
    if (isHtml(response, held)) throw challenged();
    yield { type: "text-delta", text: held };
  }
  yield { type: "end", finishReason: "stop" };
}

/** Headers that mark a challenge: Cloudflare, Vercel, AWS WAF. */
const CHALLENGE_MARKS: Readonly<Record<string, RegExp>> = {
  "cf-mitigated": /^challenge$/,
  "x-vercel-mitigated": /^challenge$/,
  "x-amzn-waf-action": /^(?:challenge|captcha)$/,
};
/** A redirect, a request to sign in and a missing page are no challenges, although such pages have scripts too. */
const NO_CHALLENGE_STATUSES: ReadonlySet<number> = new Set([0, 200, 401, 404, 410]);

/**
 * A challenge has a header that says so. Most vendors set none, so an error page with a script counts as a challenge too. A
 * 429 with `retry-after` is a rate limit.
 */
function isChallenge({ status, headers }: PageHead, text: string | undefined): boolean {
  if (Object.entries(CHALLENGE_MARKS).some(([name, mark]) => mark.test(headers[name] ?? ""))) return true;
  if (NO_CHALLENGE_STATUSES.has(status) || (status >= 300 && status < 400)) return false;
  if (status === 429 && headers["retry-after"] !== undefined) return false;
  if (!mayBeHtml({ status, headers })) return false;
  // A page that is gone already has moved on by itself, as challenges do.
  return text === undefined || (/^\s*</.test(text) && /<script\b/i.test(text));
}

/** What a status other than 200 means. */
async function failure(response: PageResponse): Promise<GatewayError> {
  const { status, headers } = response;
  const text = await collect(response.body).catch(() => "");
  if (isChallenge(response, text)) return challenged();
  if (status === 401) return new GatewayError("account_signed_out", "The site says that this account is signed out.");
  if (status === 403) return new GatewayError("site_forbidden", "The site forbids this account to ask.");
  if (status === 429) {
    const retryAfterMs = parseRetryAfter(headers["retry-after"]);
    const details = retryAfterMs === undefined ? {} : { retryAfterMs };
    return new GatewayError("site_rate_limited", "The site asks this account to slow down.", details);
  }
  if (GAVE_UP_WAITING.has(status)) {
    return new GatewayError("site_timeout", `The site's own server waited too long for its answer (status ${status}).`);
  }
  if (status >= 500) return new GatewayError("site_failed", `The site failed with status ${status}.`);
  if (status === 0) return new GatewayError("site_changed", "The site answered with a redirect.");
  return new GatewayError("site_changed", `The site answered with status ${status}, which the gateway does not know.`);
}

/** JSON in place of text is an error inside a 200. */
async function jsonFailure(response: PageResponse): Promise<GatewayError> {
  await collect(response.body).catch(() => "");
  return new GatewayError("site_failed", "The site answered with an error in place of text.");
}

function challenged(): GatewayError {
  return new GatewayError("site_challenged", "The site asks for a challenge before it answers.");
}

/** A page in place of text. An answer about HTML has the content type of text. */
function isHtml(response: PageResponse, text: string): boolean {
  return mayBeHtml(response) && /^\s*<(?:!doctype html|html|head)\b/i.test(text);
}

function mayBeHtml(response: PageHead): boolean {
  return response.headers["content-type"]?.includes("text/html") ?? true;
}

/** Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^-?\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

async function collect(body: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of body) text += piece;
  return text;
}
