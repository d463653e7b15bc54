import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { chromium, type Page } from "playwright";
import { loadConfig } from "../../../src/config/config.ts";
import { startGateway } from "../../../src/main.ts";
import { createLog, Redaction } from "../../../src/observe/log.ts";
import { Simulator } from "../../../src/simulator/simulator.ts";
import { useForAWhile } from "./use.ts";

/**
 * `npm run docs:pictures`: photographs the console in front of the simulated site, after some minutes of real use by several
 * keys, with an account that needs a person and one that is switched off. Writes docs/images/console-*.png.
 */
const KEYS = { api: "sk-gateway-for-the-pictures-only-0001", admin: "sk-admin-for-the-pictures-only-0001" };
const ACCOUNTS = ["anna", "ben", "chen", "dora", "emil", "family"];
const STUCK = "dora";
const IMAGES = join(import.meta.dirname, "../../../docs/images");
const SIZE = { width: 1280, height: 860 };

await using simulator = await Simulator.start({ chunkDelayMs: 40 });
const stateDir = await mkdtemp(join(tmpdir(), "gptomni-pictures-"));
const config = loadConfig({
  PORT: "0",
  API_MASTER_KEY: KEYS.api,
  ADMIN_KEY: KEYS.admin,
  GPTOMNI_ORIGIN: simulator.origin,
  GPTOMNI_CREDENTIALS: JSON.stringify(ACCOUNTS.map((id) => ({ id, cookie: simulator.addAccount(id) }))),
  BROWSER_ARGS: simulator.browserArgs,
  BROWSER_PATH: process.env["BROWSER_PATH"],
  RATE_LIMIT: "8/60s",
  CHALLENGE_TIMEOUT_SECONDS: "1",
  STATE_DIR: stateDir,
});
const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = createLog({ level: "error", format: "json", redaction: new Redaction([]) }, silence);
await using gateway = await startGateway(config, KEYS, log);
try {
  await useForAWhile(gateway.url, KEYS.admin, simulator);
  simulator.challengeAll({ needsClick: true }, STUCK);
  for (let count = 0; gateway.pool.states.find(({ id }) => id === STUCK)?.state !== "needs_attention"; count += 1) {
    if (count > 60) throw new Error(`${STUCK} was not challenged`);
    await fetch(`${gateway.url}/admin/api/accounts/${STUCK}/check`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEYS.admin}` },
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await photograph();
} finally {
  await rm(stateDir, { recursive: true, force: true });
}

async function photograph(): Promise<void> {
  const { BROWSER_PATH: executablePath } = process.env;
  await using browser = await chromium.launch(executablePath === undefined ? {} : { executablePath });
  for (const colorScheme of ["light", "dark"] as const) {
    await using context = await browser.newContext({ colorScheme, locale: "en-US", viewport: SIZE });
    const page = await context.newPage();
    const save = async (name: string): Promise<void> => {
      await page.screenshot({ path: join(IMAGES, `console-${name}-${colorScheme}.png`), animations: "disabled" });
      console.log(`docs/images/console-${name}-${colorScheme}.png`);
    };
    await signIn(page);
    await page.locator(".uplot").waitFor();
    await save("overview");
    await page.getByRole("link", { name: "Accounts" }).click();
    await page.getByRole("table").waitFor();
    await save("accounts");
    await page.goto(`${gateway.url}/console/live/${STUCK}`);
    await page.getByRole("button", { name: "Open live view" }).click();
    await page.getByText("No change since").waitFor();
    await save("live-view");
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByRole("button", { name: "Open live view" }).waitFor();
  }
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${gateway.url}/console`);
  await page.getByLabel("Admin key").fill(KEYS.admin);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}
