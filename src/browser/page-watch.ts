import type { Page } from "playwright";
import { GatewayError } from "../errors.ts";
import { addressOf, isAt, leftSite } from "./address.ts";

/** Calls `onLost` when the page can no longer be used: it crashed, was closed, or left the site. */
export function watchPage(page: Page, origin: URL, onLost: (error: GatewayError) => void): void {
  page.once("crash", () => onLost(new GatewayError("session_lost", "The session's page crashed.")));
  page.once("close", () => onLost(new GatewayError("session_lost", "The session's page was closed.")));
  page.on("framenavigated", (frame) => {
    const isElsewhere = frame === page.mainFrame() && !isAt(frame.url(), origin);
    if (isElsewhere) onLost(leftSite(addressOf(frame.url())));
  });
}
