import { currentConfig } from "../accounts/reload.ts";
import { BrowserServer } from "../browser/server/browser-server.ts";
import { obtainBrowserToken } from "../config/keys.ts";
import { createLog, Redaction } from "../observe/log.ts";
import { Display } from "../process/display.ts";
import { listen } from "../process/listen.ts";
import { MemoryPressure } from "../process/memory-pressure.ts";
import { Shutdown } from "../process/shutdown.ts";
import { TempDir } from "../process/temp-dir.ts";

/** Gives browsers to gateways on other machines, until it is told to stop. */
export async function browserServer(): Promise<void> {
  const stop = new Shutdown();
  const { tempDir } = await TempDir.open();
  await using _tempDir = tempDir;
  const { browser, browserServer: settings, server: address, store, log: logging } = currentConfig();
  const { value: token, isNew, warnings } = await obtainBrowserToken(settings.token, store.stateDir);
  const log = createLog({ ...logging, redaction: new Redaction([token]) });
  stop.takeFailures(log);
  for (const warning of warnings) log.warn(warning);
  await using _display = await Display.open(browser.browserMode, log);
  await using server = await BrowserServer.open({ browser, token, memory: new MemoryPressure(), log });
  const url = await listen(server.http, address);
  log.info({ url }, "browser server listening");
  const endpoint = `${url.replace(/^http/, "ws")}/${token}`;
  if (isNew)
    console.log(`For a gateway (shown once, the token is kept in ${store.stateDir}): BROWSER_ENDPOINT=${endpoint}`);
  await stop.requested;
}
