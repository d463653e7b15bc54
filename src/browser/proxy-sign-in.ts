import type { CDPSession, Page } from "playwright";
import type { Proxy } from "../credentials/proxy.ts";
import { GatewayError } from "../errors.ts";
import type { PageResponse } from "../sites/site.ts";
import { browserCall } from "./browser-call.ts";

/** A CDP call into a live page takes about a millisecond; a page that needs this long is stuck. */
const PAGE_CALL_LIMIT_MS = 5_000;

/** Chromium hands a page what the proxy answered in place of a tunnel. */
const PROXY_AUTHENTICATION_REQUIRED = 407;

/**
 * Signs a page's requests in at its proxy. Playwright's own `proxy.username` answers a site's 401 with the proxy's
 * password as well; here a site gets nothing.
 */
export class ProxySignIn {
  readonly #cdp: CDPSession;
  readonly #proxy: Proxy;
  /** Requests whose first challenge was answered. */
  readonly #answered = new Set<string>();
  /** Set once the proxy asked again for what it was given, or asks and there is nothing to give. */
  refusal: GatewayError | undefined;

  private constructor(cdp: CDPSession, proxy: Proxy) {
    this.#cdp = cdp;
    this.#proxy = proxy;
  }

  /** To be called before the page goes anywhere. @throws GatewayError `session_lost` */
  static async open(page: Page, proxy: Proxy): Promise<ProxySignIn> {
    const cdp = await browserCall(PAGE_CALL_LIMIT_MS, "attach to the page", page.context().newCDPSession(page));
    const signIn = new ProxySignIn(cdp, proxy);
    cdp.on("Fetch.requestPaused", ({ requestId }) => signIn.#tell("Fetch.continueRequest", { requestId }));
    cdp.on("Fetch.authRequired", (event) => signIn.#answer(event));
    // All requests: the challenge of one that is not looked at waits for ever for a dialog.
    const patterns = [{ urlPattern: "*" }];
    const enabled = cdp.send("Fetch.enable", { handleAuthRequests: true, patterns });
    await browserCall(PAGE_CALL_LIMIT_MS, "prepare the page for its proxy", enabled);
    return signIn;
  }

  /** @throws GatewayError `session_lost` where this answer is the proxy's, and not the site's. */
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
    // A request that is over meanwhile needs no answer.
    void this.#cdp.send(...call).catch(() => {});
  }
}

function refused({ server, signIn }: Proxy): GatewayError {
  const message = signIn
    ? `The proxy ${server} refuses the user name or the password that it was given: check the account's proxy or PROXY_URL.`
    : `The proxy ${server} asks for a user name and a password: write them into the account's proxy or PROXY_URL.`;
  return new GatewayError("site_unreachable", message);
}
