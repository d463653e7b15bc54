import type { Page, Response } from "playwright";
import { GatewayError } from "../errors.ts";

/** Cloudflare marks its challenge pages: https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/ */
function isChallenge(headers: Readonly<Record<string, string>>): boolean {
  return headers["cf-mitigated"] === "challenge";
}

/**
 * Goes to the page and waits while the browser solves what the site asks of it.
 * @throws GatewayError `site_challenged` when that takes longer than `limitMs`, `site_unreachable`, `site_failed`.
 */
export async function visit(page: Page, url: URL, limitMs: number): Promise<void> {
  const deadlineAt = performance.now() + limitMs;
  let response = await page.goto(url.href, { waitUntil: "domcontentloaded", timeout: limitMs }).catch(unreachable);
  while (response && isChallenge(response.headers())) {
    const remainingMs = deadlineAt - performance.now();
    if (remainingMs <= 0) throw unsolved();
    response = await nextNavigation(page, remainingMs);
  }
  if (response && response.status() >= 400) {
    throw new GatewayError("site_failed", `The site's page answers ${response.status()}.`);
  }
  await page.waitForLoadState("domcontentloaded", { timeout: limitMs }).catch(unreachable);
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
    throw unsolved(cause);
  }
}

function unsolved(cause?: unknown): GatewayError {
  return new GatewayError("site_challenged", "The site asks for a challenge that the browser did not solve in time.", {
    cause,
  });
}

function unreachable(cause: unknown): never {
  throw new GatewayError("site_unreachable", "The site's page could not be opened.", { cause });
}
