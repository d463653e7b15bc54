/** The simulated site in a process of its own, so that its work is not counted as the gateway's, beside another server. */
import type { Fault } from "../../src/simulator/fault.ts";
import type { SitePage } from "../../src/simulator/site-page.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { Elsewhere } from "../support/elsewhere.ts";
import type { SiteAddress } from "./site-process.ts";

export type SiteOrder =
  /** From now on the site has these pages, by path, and no others. */
  | { readonly pages: Readonly<Record<string, SitePage>>; readonly next: Fault | undefined }
  /** A fresh sign-in of this account's. */
  | { readonly signIn: string }
  /** What another server was sent that holds this text. */
  | { readonly leaksOf: string };

const site = await Simulator.start();
const elsewhere = await Elsewhere.start();
const address: SiteAddress = {
  origin: site.origin,
  elsewhere: elsewhere.origin,
  browserArgs: `${site.browserArgs},${elsewhere.spkiHash}`,
};

process.on("message", (order: SiteOrder) => {
  process.send?.(follow(order));
});
process.send?.(address);

function follow(order: SiteOrder): string[] {
  if ("signIn" in order) return [site.addAccount(order.signIn)];
  // What a page of the site sends there by itself is the site's own matter.
  if ("leaksOf" in order) return elsewhere.sent(order.leaksOf).map(({ method, path }) => `${method} ${path}`);
  site.pages.clear();
  for (const [path, page] of Object.entries(order.pages)) site.pages.set(path, page);
  if (order.next) site.failNext(order.next);
  elsewhere.noted.length = 0;
  return [];
}
