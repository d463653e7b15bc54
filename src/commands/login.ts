import { setTimeout as delay } from "node:timers/promises";
import { currentAccounts, currentConfig } from "../accounts/reload.ts";
import { BrowserFleet } from "../browser/browser-fleet.ts";
import { LocalBrowsers } from "../browser/local.ts";
import type { Config } from "../config/config.ts";
import { GatewayError } from "../errors.ts";
import { SignInSubject } from "../live-view/sign-in-subject.ts";
import { createLog, Redaction, type Log } from "../observe/log.ts";
import { MachineError } from "../process/machine-error.ts";
import { TempDir } from "../process/temp-dir.ts";
import { sitesAt } from "../sites/catalog.ts";
import { StoreError } from "../store/store-error.ts";
import { keepInRunning, keepInStore } from "./keep-account.ts";

/** How often the page is looked at. */
const LOOK_EVERY_MS = 1_000;
const CHECK_LIMIT_MS = 15_000;

/** Opens a window at the site's sign-in page, and keeps the account once a person has signed in there. */
export async function login(id: string | undefined): Promise<void> {
  const config = currentConfig();
  if (process.platform === "linux" && !process.env["DISPLAY"]) {
    throw new MachineError("There is no desktop here (DISPLAY). Sign in through the console's live view instead.");
  }
  const { tempDir } = await TempDir.open();
  await using _tempDir = tempDir;
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const list = (await currentAccounts(config)) ?? [];
  const keep = async (credential: string): Promise<string> => {
    const account = { id, credential };
    try {
      return await keepInStore(account, { ...config, list }, log);
    } catch (cause) {
      if (!(cause instanceof StoreError) || cause.code !== "store_in_use") throw cause;
      return keepInRunning(account, config);
    }
  };
  console.log("Sign in at the site in the window that opens. It closes by itself.");
  const account = await signIn(config, keep, log);
  console.log(`account ${account} is stored; a gateway that runs uses it already`);
}

function nothing(): void {}

async function signIn(config: Config, addAccount: (credential: string) => Promise<string>, log: Log): Promise<string> {
  const browser = new LocalBrowsers({ ...config.browser, browserMode: "headed" });
  await using browsers = new BrowserFleet(browser, { accountsPerBrowser: 1, maxOpenSessions: 1 }, log);
  const site = sitesAt(config.sites).named(undefined);
  const subject = new SignInSubject({ browsers, session: { ...config.sessions, site }, addAccount });
  const closed = new AbortController();
  let hasProgressed = true;
  await using open = await subject.open({
    signal: closed.signal,
    onTaken: nothing,
    events: {
      onTabs: nothing,
      onDialog: nothing,
      onRefused: nothing,
      // Nobody sees pictures, so no further one comes.
      onPicture: () => new Promise(nothing),
      onProgress: () => (hasProgressed = true),
      onGone: () => closed.abort(new MachineError("The window was closed. Nothing was stored.")),
    },
  });
  for (;;) {
    await delay(LOOK_EVERY_MS);
    closed.signal.throwIfAborted();
    await open.pages.look();
    if (!hasProgressed) continue;
    hasProgressed = false;
    if (await isSignedIn(open, closed.signal)) return (await open.conclude(closed.signal)).account;
  }
}

type Open = Awaited<ReturnType<SignInSubject["open"]>>;

async function isSignedIn({ pages }: Open, closed: AbortSignal): Promise<boolean> {
  try {
    await pages.check(AbortSignal.any([closed, AbortSignal.timeout(CHECK_LIMIT_MS)]));
    return true;
  } catch (cause) {
    // The page may be anywhere on its way, and is asked again after its next step.
    if (cause instanceof GatewayError || cause instanceof DOMException) return false;
    throw cause;
  }
}
