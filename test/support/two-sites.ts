import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { startGateway, type RunningGateway } from "../../src/main.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { ADMIN_KEY, API_KEY } from "./api-key.ts";
import { testCertificate } from "./certificate.ts";
import { parrotAt, PARROT_FORMAT } from "./parrot.ts";
import { WarmBrowsers } from "./warm-browsers.ts";

interface TwoSites extends AsyncDisposable {
  readonly first: Simulator;
  /** Of another site, `parrot`. */
  readonly second: Simulator;
  readonly gateway: RunningGateway;
}

/** A gateway of two sites, without accounts. */
export async function openTwoSites(settings: Readonly<Record<string, string>> = {}): Promise<TwoSites> {
  await using stack = new AsyncDisposableStack();
  const certificate = await testCertificate();
  const first = stack.use(await Simulator.start({ certificate }));
  const second = stack.use(await Simulator.start({ certificate, format: PARROT_FORMAT }));
  const { path: stateDir } = stack.use(await mkdtempDisposable(join(tmpdir(), "gptomni-sites-")));
  const config = loadConfig({
    PORT: "0",
    STATE_DIR: stateDir,
    BROWSER_ARGS: first.browserArgs,
    BROWSER_PATH: process.env["BROWSER_PATH"],
    RATE_LIMIT: "off",
    ...settings,
  });
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const sites = new Sites([gptomni(new URL(first.origin)), parrotAt(new URL(second.origin))]);
  const provider = new WarmBrowsers(config.browser);
  const keys = { api: API_KEY, admin: ADMIN_KEY };
  const gateway = stack.use(await startGateway(config, keys, log, { sites, provider }));
  const opened = stack.move();
  return { first, second, gateway, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
