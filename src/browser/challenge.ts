import type { Page, Response } from "playwright";
import { GatewayError } from "../errors.ts";
import { within } from "./within.ts";

const ALIVE_LIMIT_MS = 1_000;

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
  const unreached = async (cause: unknown): Promise<never> => {
    await assertAlive(page);
    throw new GatewayError("site_unreachable", "The site's page could not be opened.", { cause });
  };
  let response = await page.goto(url.href, { waitUntil: "domcontentloaded", timeout: limitMs }).catch(unreached);
  while (response && isChallenge(response.headers())) {
    const remainingMs = deadlineAt - performance.now();
    if (remainingMs <= 0) throw unsolved();
    response = await nextNavigation(page, remainingMs);
  }
  if (response && response.status() >= 400) {
    throw new GatewayError("site_failed", `The site's page answers ${response.status()}.`);
  }
  await page.waitForLoadState("domcontentloaded", { timeout: limitMs }).catch(unreached);
}

async function nextNavigation(page: Page, limitMs: number): Promise<Response> {
  const isNavigation = (response: Response): boolean => {
    const request = response.request();
    const isRedirect = response.status() >= 300 && response.status() < 400;
    return request.isNavigationRequest() && request.frame() === page.mainFrame() && !isRedirect;
  };
  try {
    return await page.waitForEvent("response", { predicate: isNavigation, timeout: limitMs });
  } catch (cause) {
    await assertAlive(page);
    throw unsolved(cause);
  }
}

/** @throws GatewayError `session_lost` where the page froze: the site and its challenges had no part in it. */
async function assertAlive(page: Page): Promise<void> {
  await within(ALIVE_LIMIT_MS, "go to the site", page.evaluate("true"));
}

function unsolved(cause?: unknown): GatewayError {
  return new GatewayError("site_challenged", "The site asks for a challenge that the browser did not solve in time.", {
    cause,
  });
}
