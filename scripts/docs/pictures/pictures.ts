import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { chromium, type Page } from "playwright";
import { loadConfig } from "../../../src/config/config.ts";
import { startGateway } from "../../../src/main.ts";
import { createLog, Redaction } from "../../../src/observe/log.ts";
import { CLICK_AT } from "../../../src/simulator/challenge.ts";
import { Simulator } from "../../../src/simulator/simulator.ts";
import { Film } from "./film.ts";
import { useForAWhile } from "./use.ts";

/**
 * `npm run docs:pictures`: photographs the console in front of the simulated site, after some minutes of real use by several
 * keys, with an account that needs a person and one that is switched off. Writes docs/images/console-*.png, and films
 * how the stuck account is handed to a person: docs/images/console.svg.
 */
const KEYS = { api: "sk-gateway-for-the-pictures-only-0001", admin: "sk-admin-for-the-pictures-only-0001" };
const ACCOUNTS = ["anna", "ben", "chen", "dora", "emil", "family"];
const STUCK = "dora";
const IMAGES = join(import.meta.dirname, "../../../docs/images");
const SIZE = { width: 1280, height: 860 };
const FILM_SIZE = { width: 1000, height: 640 };

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
  await film();
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

async function film(): Promise<void> {
  const { BROWSER_PATH: executablePath } = process.env;
  await using browser = await chromium.launch(executablePath === undefined ? {} : { executablePath });
  await using context = await browser.newContext({ colorScheme: "light", locale: "en-US", viewport: FILM_SIZE });
  const page = await context.newPage();
  const story = new Film(FILM_SIZE);
  await signIn(page);
  await page.locator(".uplot").waitFor();
  await story.take(page, 2_500);
  await page.getByRole("link", { name: "Open live view" }).first().click();
  await page.getByRole("button", { name: "Open live view" }).waitFor();
  await story.take(page, 2_000);
  await page.getByRole("button", { name: "Open live view" }).click();
  await page.getByText("No change since").waitFor();
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels?.some((value) => value < 200);
  });
  await story.take(page, 2_500);
  const canvas = page.getByLabel("The account's page");
  const box = await canvas.boundingBox();
  const scale = await canvas.evaluate((element) => element.clientWidth / (element as HTMLCanvasElement).width);
  await page.mouse.click((box?.x ?? 0) + CLICK_AT.x * scale, (box?.y ?? 0) + CLICK_AT.y * scale);
  await page.getByText("The live view has ended.").waitFor();
  await story.take(page, 2_500);
  await page.getByRole("link", { name: "Overview" }).click();
  await page.locator(".uplot").waitFor();
  await page.getByRole("article", { name: STUCK }).getByText("Ready").waitFor();
  await story.take(page, 3_000);
  const title =
    "The console: an account needs a person, who passes its challenge in the live view; the account serves again";
  await writeFile(join(IMAGES, "console.svg"), story.svg(title));
  console.log("docs/images/console.svg");
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${gateway.url}/console`);
  await page.getByLabel("Admin key").fill(KEYS.admin);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}
