import { stripVTControlCharacters } from "node:util";
import { Session } from "./browser/session.ts";
import { BrowserHost } from "./browser/browser-host.ts";
import { mustRunUnsandboxed } from "./browser/launch.ts";
import { SignIn } from "./browser/sign-in.ts";
import type { Config } from "./config.ts";
import { GatewayError } from "./errors.ts";
import { createLog, Redaction } from "./log.ts";
import { machineChecks } from "./process/machine-checks.ts";
import { MachineError } from "./process/machine-error.ts";
import { gptomni } from "./sites/gptomni.ts";

const MAX_QUOTED_LINES = 6;

/**
 * Tries each step that serving needs, one line each, and says what to mend. Sends no prompt: it opens the site and asks
 * whether each account is signed in.
 */
export async function diagnose(config: Config, print: (line: string) => void): Promise<boolean> {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const site = gptomni(config.origin);
  let isHealthy = true;
  const check = async (what: string, work: () => Promise<string>): Promise<void> => {
    try {
      print(`ok    ${what}: ${await work()}`);
    } catch (cause) {
      isHealthy = false;
      for (const line of linesOf(cause)) print(`FAIL  ${what}: ${line}`);
    }
  };
  for (const { what, work } of machineChecks(config)) await check(what, work);
  await using host = new BrowserHost(config, log);
  await check("Chromium", async () => {
    const browser = await host.browser();
    return `${browser.version()} (${config.browserPath}), sandbox ${mustRunUnsandboxed() ? "off: running as root" : "on"}`;
  });
  for (const { id, cookie } of host.isRunning ? config.credentials : []) {
    await check(`account ${id}`, async () => {
      await using session = new Session(host, new SignIn(site, cookie), { site, ...config });
      const startedAt = performance.now();
      await session.open(new AbortController().signal);
      return `signed in at ${config.origin.host}, page open in ${Math.round(performance.now() - startedAt)} ms`;
    });
  }
  if (config.credentials.length === 0) print("note  no accounts: set GPTOMNI_CREDENTIALS");
  return isHealthy;
}

/** What to do about it, and what the browser or the system said. */
function linesOf(failure: unknown): readonly string[] {
  if (failure instanceof MachineError) return [failure.message];
  const { message, cause } = GatewayError.from(failure);
  if (!(cause instanceof Error)) return [message];
  // Playwright repeats what the browser said, in its log's colours and with the process's number before it.
  const said = stripVTControlCharacters(cause.message)
    .split("\n")
    .map((line) => line.replace(/^.*?\[err\] /, "").trim());
  const lines = new Set(said.filter((line) => line !== "" && line !== message));
  return [message, ...[...lines].slice(0, MAX_QUOTED_LINES).map((line) => `  ${line}`)];
}
