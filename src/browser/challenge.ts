import { setTimeout as delay } from "node:timers/promises";
import type { Page, Response } from "playwright";
import { GatewayError } from "../errors.ts";
import { backoffMs } from "../process/backoff.ts";
import type { Site } from "../sites/site.ts";
import { isAt, movedAway } from "./address.ts";
import { Documents } from "./documents.ts";
import { netErrorIn, unreachable } from "./net-error.ts";
import { browserCall, PAGE_CALL_LIMIT_MS } from "./browser-call.ts";

/** For reading the text of an error page. */
const BODY_LIMIT_MS = 2_000;
/** The last part of the limit, for a second try. A browser that can solve a challenge does so in about 5 s of usually 30. */
const SECOND_TRY_SHARE = 1 / 3;
/** The wait before a page is opened again that was challenged after it loaded. It doubles, so that few pages ask. */
const CHALLENGED_BACKOFF = { first: 500, factor: 2, max: Infinity };

/** A visit to a page of the site; `limitMs` is for all of it. */
export interface Visit {
  readonly url: URL;
  readonly site: Site;
  readonly limitMs: number;
}

/**
 * Opens the address in the page and waits while the browser solves the site's challenge. The page counts as open as soon as
 * its document is there; images and scripts may still be loading.
 * @throws GatewayError `site_challenged` when that takes longer than `limitMs`, `site_changed` when the page ends up
 * elsewhere, `site_unreachable`, `site_failed`, `session_lost`.
 */
export async function visit(page: Page, { url, site, limitMs }: Visit): Promise<void> {
  const deadlineAt = performance.now() + limitMs;
  const secondTryAt = deadlineAt - limitMs * SECOND_TRY_SHARE;
  const unreached = async (cause: unknown): Promise<never> => {
    // A browser that names the network's error works. Its own page about that error may take seconds to come.
    if (netErrorIn(cause) === undefined) await assertAlive(page);
    throw unreachable(cause, { site, limitMs });
  };
  using documents = new Documents(page);
  const go = (): Promise<Response | null> =>
    page.goto(url.href, { waitUntil: "commit", timeout: limitMs }).catch(unreached);
  let response = await go();
  while (response && (await isChallenge(response, site))) {
    const challenge = response;
    const now = performance.now();
    if (now >= deadlineAt) throw await unsolved(page, site, challenge);
    response = await documents.after(challenge, (now < secondTryAt ? secondTryAt : deadlineAt) - now);
    // A challenge whose solution was lost may never end, so the page is loaded again, once.
    if (!response && now < secondTryAt) response = await go();
    else if (!response) throw await unsolved(page, site, challenge);
  }
  if (!isAt(page.url(), site.origin)) throw movedAway(page.url(), site);
  if (response && response.status() >= 400) throw failed(response);
}

/**
 * Opens a page. If the site challenges after the page loaded, opens another page, until `limitMs` is over.
 * @throws what `open` throws; the signal's reason.
 */
export async function repeatChallenged<T>(open: () => Promise<T>, limitMs: number, signal: AbortSignal): Promise<T> {
  const deadlineAt = performance.now() + limitMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await open();
    } catch (cause) {
      const pauseMs = backoffMs(attempt, CHALLENGED_BACKOFF);
      const isChallenged = cause instanceof GatewayError && cause.code === "site_challenged";
      if (!isChallenged || performance.now() + pauseMs > deadlineAt) throw cause;
      await delay(pauseMs, undefined, { signal });
    }
  }
}

async function isChallenge(response: Response, site: Site): Promise<boolean> {
  const head = headOf(response);
  // The head is enough for most pages, and the text of a successful page is not read.
  if (response.ok() && response.status() === 200) return site.isChallenge(head, "");
  if (site.isChallenge(head, "")) return true;
  // Chromium drops the text as soon as the page navigates.
  const text = await browserCall(BODY_LIMIT_MS, "read the page", response.text()).catch(() => undefined);
  return site.isChallenge(head, text);
}

function headOf(response: Response): Parameters<Site["isChallenge"]>[0] {
  return { status: response.status(), headers: response.headers() };
}

function failed(response: Response): GatewayError {
  return new GatewayError("site_failed", `The site's page answers ${response.status()}.`);
}

/** @throws GatewayError `session_lost` when the page does not respond at all, so that the failure is not the site's. */
async function assertAlive(page: Page): Promise<void> {
  // Not by `page.evaluate`, which counts as an action of the user and would allow popups.
  const answered = async (): Promise<void> => {
    const cdp = await page.context().newCDPSession(page);
    // While a page is loading from a server that does not answer, Chromium delays such calls.
    await cdp.send("Page.stopLoading").catch(() => {});
    await cdp.send("Runtime.evaluate", { expression: "1" });
    await cdp.detach();
  };
  await browserCall(
    PAGE_CALL_LIMIT_MS,
    "go to the site",
    answered().catch(() => {}),
  );
}

async function unsolved(page: Page, site: Site, response: Response): Promise<GatewayError> {
  await assertAlive(page);
  const { status } = headOf(response);
  // Not a challenge but an error page with scripts, which had its time.
  if (status >= 500 && status !== 503 && !site.isChallenge(headOf(response), "")) return failed(response);
  return new GatewayError(
    "site_challenged",
    `The site asks for a challenge that the browser did not solve in time (status ${status}).`,
  );
}
