import { currentAccounts, currentConfig } from "../accounts/reload.ts";
import { openFileWarnings } from "../config/secret-file.ts";
import { diagnose } from "../doctor/doctor.ts";
import { createLog, Redaction } from "../observe/log.ts";
import { Display } from "../process/display.ts";
import { TempDir } from "../process/temp-dir.ts";

/** Tests what serving needs and prints a line for each step. The exit code is 1 if one fails. */
export async function doctor(): Promise<void> {
  const config = currentConfig();
  const { tempDir } = await TempDir.open();
  await using _tempDir = tempDir;
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  await using _display = await Display.open(config.browserEndpoint ? "headless" : config.browser.browserMode, log);
  const accounts = { ...config.accounts, list: (await currentAccounts(config)) ?? [] };
  const isHealthy = await diagnose({ ...config, accounts }, (line) => console.log(line));
  for (const warning of await openFileWarnings(config.secretPaths)) console.log(`note  ${warning}`);
  if (!isHealthy) process.exitCode = 1;
}
