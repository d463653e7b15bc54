import type { ChatRequest, ReplyPart } from "../chat.ts";

/**
 * The seam between a web site and the browser. A site sees a function shaped like `fetch` that runs inside the
 * signed-in page and never a browser, a pool, a lease or HTTP.
 *
 * To add a site: 1. make `src/sites/<name>.ts` that exports a `Site`; 2. put the request it takes into a `PageRequest`;
 * 3. turn what comes back into `ReplyPart`s, and everything that is no answer into a `GatewayError` from the table;
 * 4. name it in `src/main.ts`; 5. teach the simulator its wire and copy the gptomni tests.
 */
export interface Site {
  readonly name: string;
  /** Where the page stands and all requests go. */
  readonly origin: URL;
  /** The path of the page that a session keeps open. */
  readonly homePath: string;
  /** Model ids offered to callers; the first is the default. */
  readonly models: readonly string[];
  /** Whether this cookie is what keeps an account signed in. */
  isAuthCookie(name: string): boolean;
  /** Asks the site itself. @throws GatewayError when the site cannot tell. */
  isSignedIn(fetch: PageFetch, signal: AbortSignal): Promise<boolean>;
  /**
   * Whether this answer, to a visit of the page or to a request, is a challenge that the browser may solve by itself.
   * `text`: the body; empty when only the head is known, undefined when the body was gone before it was read.
   */
  isChallenge(head: PageHead, text: string | undefined): boolean;
  /** The text that the site is sent for a request. */
  promptOf(request: ChatRequest): string;
  /** The most characters that the site takes in one prompt; undefined where nobody measured it. */
  readonly maxPromptCharacters?: number;
  /** One answer. @throws GatewayError for everything that is not an answer. */
  reply(fetch: PageFetch, request: ChatRequest, signal: AbortSignal): AsyncIterable<ReplyPart>;
}

/** Runs in the page: same origin, cookies and TLS as the site's own scripts. Redirects are not followed. */
export type PageFetch = (request: PageRequest, signal: AbortSignal) => Promise<PageResponse>;

export interface PageRequest {
  /** Of the site's origin, from `/` on. */
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
