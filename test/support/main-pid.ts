import type { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";

/** The main process of the Chromium that runs here for this supervisor; undefined while none runs. */
export async function mainPidOf(supervisor: BrowserSupervisor | undefined): Promise<number | undefined> {
  const pid = (await supervisor?.logFields())?.["pid"];
  return typeof pid === "number" ? pid : undefined;
}
