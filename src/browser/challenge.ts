import { setTimeout as delay } from "node:timers/promises";
import type { Page, Response } from "playwright";
import { GatewayError } from "../errors.ts";
import { within } from "./within.ts";

const ALIVE_LIMIT_MS = 1_000;
/** Of the time for a challenge: the browser solves one in 5 s where it can, and 30 s are usual. */
const SECOND_TRY_SHARE = 1 / 3;
/** Where each page is challenged anew as soon as it stands there: doubled each time, so that few ask. */
const CHALLENGED_PAUSE_MS = 500;

/** Cloudflare marks its challenge pages: https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/ */
function isChallenge(headers: Readonly<Record<string, string>>): boolean {
  return headers["cf-mitigated"] === "challenge";
}

/**
 * Goes to the page and waits while the browser solves what the site asks of it.
 * @throws GatewayError `site_challenged` when that takes longer than `limitMs`, `site_unreachable`, `site_failed`,
 * `session_lost`.
 */
export async function visit(page: Page, url: URL, limitMs: number): Promise<void> {
  const deadlineAt = performance.now() + limitMs;
  const secondTryAt = deadlineAt - limitMs * SECOND_TRY_SHARE;
  const unreached = async (cause: unknown): Promise<never> => {
    await assertAlive(page);
    throw new GatewayError("site_unreachable", "The site's page could not be opened.", { cause });
  };
  const go = (): Promise<Response | null> =>
    page.goto(url.href, { waitUntil: "domcontentloaded", timeout: limitMs }).catch(unreached);
  let response = await go();
  while (response && isChallenge(response.headers())) {
    const now = performance.now();
    if (now >= deadlineAt) throw await unsolved(page);
    response = await nextNavigation(page, (now < secondTryAt ? secondTryAt : deadlineAt) - now);
    // One whose solution was lost on its way may stand still for ever: it is asked for anew, once.
    if (!response && now < secondTryAt) response = await go();
    else if (!response) throw await unsolved(page);
  }
  if (response && response.status() >= 400) {
    throw new GatewayError("site_failed", `The site's page answers ${response.status()}.`);
  }
  await page.waitForLoadState("domcontentloaded", { timeout: limitMs }).catch(unreached);
}

/**
 * Opens a page. A challenge that came when it stood there already has its turn with another one, as long as there is time.
 * @throws what `open` throws; the signal's reason.
 */
export async function repeatChallenged<T>(open: () => Promise<T>, limitMs: number, signal: AbortSignal): Promise<T> {
  const deadlineAt = performance.now() + limitMs;
  for (let pauseMs = CHALLENGED_PAUSE_MS; ; pauseMs *= 2) {
    try {
      return await open();
    } catch (cause) {
      const isChallenged = cause instanceof GatewayError && cause.code === "site_challenged";
      if (!isChallenged || performance.now() + pauseMs > deadlineAt) throw cause;
      await delay(pauseMs, undefined, { signal });
    }
  }
}

/** Null when there is none in time. */
async function nextNavigation(page: Page, limitMs: number): Promise<Response | null> {
  const isNavigation = (response: Response): boolean => {
    const request = response.request();
    const isRedirect = response.status() >= 300 && response.status() < 400;
    return request.isNavigationRequest() && request.frame() === page.mainFrame() && !isRedirect;
  };
  return page.waitForEvent("response", { predicate: isNavigation, timeout: limitMs }).catch(() => null);
}

/** @throws GatewayError `session_lost` where the page says nothing at all: the site and its challenges had no part in it. */
async function assertAlive(page: Page): Promise<void> {
  await within(
    ALIVE_LIMIT_MS,
    "go to the site",
    page.evaluate("true").catch(() => {}),
  );
}

async function unsolved(page: Page): Promise<GatewayError> {
  await assertAlive(page);
  return new GatewayError("site_challenged", "The site asks for a challenge that the browser did not solve in time.");
}
