import type { CDPSession, Page } from "playwright";
import type { Proxy } from "../credentials/proxy.ts";
import { GatewayError } from "../errors.ts";
import type { PageResponse } from "../sites/site.ts";
import { browserCall } from "./browser-call.ts";

/** A CDP call into a live page takes about a millisecond; a page that needs this long is stuck. */
const PAGE_CALL_LIMIT_MS = 5_000;

/** If the proxy answers so instead of opening a tunnel, Chromium hands the answer to the page. */
const PROXY_AUTHENTICATION_REQUIRED = 407;

/**
 * Gives the proxy its user name and password for a page's requests. Playwright's own `proxy.username` also sends them to a
 * site that answers 401; here a site never gets them.
 */
export class ProxySignIn {
  readonly #cdp: CDPSession;
  readonly #proxy: Proxy;
  /** The requests for which the proxy was given the password once. */
  readonly #answered = new Set<string>();
  /** Set once the proxy refused the password, or asked for one and none is configured. */
  refusal: GatewayError | undefined;

  private constructor(cdp: CDPSession, proxy: Proxy) {
    this.#cdp = cdp;
    this.#proxy = proxy;
  }

  /** Must be called before the page loads anything. @throws GatewayError `session_lost` */
  static async open(page: Page, proxy: Proxy): Promise<ProxySignIn> {
    const cdp = await browserCall(PAGE_CALL_LIMIT_MS, "attach to the page", page.context().newCDPSession(page));
    const signIn = new ProxySignIn(cdp, proxy);
    cdp.on("Fetch.requestPaused", ({ requestId }) => signIn.#tell("Fetch.continueRequest", { requestId }));
    cdp.on("Fetch.authRequired", (event) => signIn.#answer(event));
    // All requests: the proxy's challenge to a request that is not intercepted would wait forever for a dialog.
    const patterns = [{ urlPattern: "*" }];
    const enabled = cdp.send("Fetch.enable", { handleAuthRequests: true, patterns });
    await browserCall(PAGE_CALL_LIMIT_MS, "prepare the page for its proxy", enabled);
    return signIn;
  }

  /** @throws GatewayError `session_lost` when this answer comes from the proxy, not from the site. */
  assertAccepted({ status }: PageResponse): void {
    if (this.refusal && status === PROXY_AUTHENTICATION_REQUIRED) {
      throw new GatewayError("session_lost", this.refusal.message);
    }
  }

  #answer({ requestId, authChallenge }: { requestId: string; authChallenge: { source?: string } }): void {
    const { signIn } = this.#proxy;
    const isProxy = authChallenge.source === "Proxy";
    if (isProxy && signIn && !this.#answered.has(requestId)) {
      this.#answered.add(requestId);
      const authChallengeResponse = { response: "ProvideCredentials" as const, ...signIn };
      this.#tell("Fetch.continueWithAuth", { requestId, authChallengeResponse });
      return;
    }
    if (isProxy) this.refusal ??= refused(this.#proxy);
    this.#tell("Fetch.continueWithAuth", { requestId, authChallengeResponse: { response: "CancelAuth" } });
  }

  #tell(...call: Parameters<CDPSession["send"]>): void {
    // A request that has ended meanwhile needs no answer.
    void this.#cdp.send(...call).catch(() => {});
  }
}

function refused({ server, signIn }: Proxy): GatewayError {
  const message = signIn
    ? `The proxy ${server} refuses the user name or the password that it was given: check the account's proxy or PROXY_URL.`
    : `The proxy ${server} asks for a user name and a password: write them into the account's proxy or PROXY_URL.`;
  return new GatewayError("site_unreachable", message);
}
