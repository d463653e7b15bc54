import type { ChatRequest, ReplyPart } from "../chat.ts";

/**
 * The seam between a web site and the browser. A site sees a function shaped like `fetch` that runs inside the signed-in
 * page. It never sees a browser, a pool, a lease or HTTP. CONTRIBUTING.md says how to add a site.
 */
export interface Site {
  /** Lower-case letters and digits. Accounts name it, and so does the setting of its origin. */
  readonly name: string;
  /** Where the page is opened and all requests go. */
  readonly origin: URL;
  /** The path of the page that a session keeps open. */
  readonly homePath: string;
  /** The path of the page where a person signs in; `homePath` if there is none. */
  readonly loginPath?: string;
  /** Model ids offered to callers; the first is the default. */
  readonly models: readonly string[];
  /** Whether this cookie keeps an account signed in. */
  isAuthCookie(name: string): boolean;
  /** Asks the site itself. @throws GatewayError when the site cannot tell. */
  isSignedIn(fetch: PageFetch, signal: AbortSignal): Promise<boolean>;
  /**
   * Whether this response, to a visit of the page or to a request, is a challenge that the browser may solve by itself.
   * `text` is the body: empty if only the head is known, undefined if the body was gone before it could be read.
   */
  isChallenge(head: PageHead, text: string | undefined): boolean;
  /** The text that the site is sent for a request. */
  promptOf(request: ChatRequest): string;
  /** The most characters that the site accepts in one prompt; undefined if that was not measured. */
  readonly maxPromptCharacters?: number;
  /** Yields one answer. @throws GatewayError for everything that is not an answer. */
  reply(fetch: PageFetch, request: ChatRequest, signal: AbortSignal): AsyncIterable<ReplyPart>;
}

/** The setting that says where the site is. */
export function originSettingOf({ name }: Pick<Site, "name">): string {
  return `${name.toUpperCase()}_ORIGIN`;
}

/** Runs in the page: same origin, cookies and TLS as the site's own scripts. Redirects are not followed. */
export type PageFetch = (request: PageRequest, signal: AbortSignal) => Promise<PageResponse>;

export interface PageRequest {
  /** Below the site's origin; begins with `/`. */
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PageHead {
  /** HTTP status; 0 is a redirect that was not followed. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface PageResponse extends PageHead {
  /** Decoded text with whole characters; single reader. @throws GatewayError when the transfer breaks. */
  readonly body: AsyncIterable<string>;
}
