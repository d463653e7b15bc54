import { openFleet, settled } from "./hibernation.ts";
import { sessionOf, type Upstream } from "./paths.ts";

/** So many accounts have a page open at once. */
export const OPEN_PAGES = 8;

/** Memory of an account, as the proportional set of Chromium's processes over the accounts, in MiB. */
export interface PageMemory {
  readonly open: number;
  readonly asleep: number;
}

export async function weighPages(
  { origin, browserArgs, cookies }: Upstream,
  { browserPath, accountsPerBrowser }: { readonly browserPath: string; readonly accountsPerBrowser: number },
): Promise<PageMemory> {
  await using fleet = openFleet(browserPath, browserArgs, { accountsPerBrowser, maxOpenSessions: cookies.length });
  const sessions = cookies.map((cookie) => sessionOf(fleet.assign(), cookie, origin));
  const { signal } = new AbortController();
  for (const session of sessions) await session.open(signal);
  const open = await settled(fleet);
  for (const session of sessions) await session.sleep();
  const asleep = await settled(fleet);
  for (const session of sessions) await session[Symbol.asyncDispose]();
  return { open: open.total / cookies.length, asleep: asleep.total / cookies.length };
}
