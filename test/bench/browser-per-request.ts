import { AuthCookies } from "../../src/browser/auth-cookies.ts";
import { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import { LocalBrowsers } from "../../src/browser/local.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { askInPage, sessionWith, type Path, type Upstream } from "./paths.ts";

const REQUEST_TIMEOUT_MS = 120_000;

/** What many scripts do: each question starts Chromium, opens the site's page, asks, and ends Chromium. */
export function openBrowserPerRequest({ origin, browserArgs, cookies }: Upstream, browserPath: string): Path {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const site = gptomni(new URL(origin));
  // The site rotates tokens: each browser starts with the token that the one before it was given.
  const accounts = cookies.map((cookie) => new AuthCookies(site, cookie));
  return {
    name: "browser per request",
    async *ask(prompt, index) {
      const account = accounts[index];
      if (!account) throw new Error(`no account ${index}`);
      const options = { browserPath, browserMode: "headless", stealth: true, browserArgs: [browserArgs] } as const;
      await using browser = new BrowserSupervisor(new LocalBrowsers(options), log);
      await using session = sessionWith(browser, account, origin);
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      await session.open(signal);
      yield* askInPage(session, prompt, signal);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
