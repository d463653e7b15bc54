import { chromium, type Page } from "playwright";
import { fillStore, SECRET_KEY } from "./console.ts";
import { CastView } from "./cast-view.ts";
import { firstTokenMs, formatMs, ratio } from "./measure.ts";
import { openGateway, type GatewayPath } from "./paths.ts";
import { CREDENTIALS } from "./scheduling.ts";
import type { Site } from "./site.ts";
import { table } from "./statistics.ts";

const ADMIN_KEY = "sk-admin-bench-0123456789abcdef0123456789";
/** The others sleep, as the accounts of a gateway with many do. */
const SETTINGS = { ADMIN_KEY, SECRET_KEY, MAX_OPEN_SESSIONS: "5", CREDENTIALS_PER_BROWSER: "5" };
const VISITS = 10;
const WARM_UP_QUESTIONS = 100;
/** Open and closed take turns, so that a noisy moment of the machine meets both. */
const TURNS = 6;
const QUESTIONS_IN_TURN = 50;

/** What a console that is open on its Overview costs callers, and how soon the Overview opens, with many accounts and requests. */
export async function measureOpenConsole(site: Site, stateDir: string, browserPath: string): Promise<string> {
  await fillStore(stateDir, Date.now());
  await using gateway = await openGateway(site.upstreamOf("scheduling", CREDENTIALS), stateDir, SETTINGS);
  await using browser = await chromium.launch({ executablePath: browserPath, chromiumSandbox: false });
  const page = await (await browser.newContext()).newPage();
  await signIn(page, gateway);
  const [opened, whole]: [number[], number[]] = [[], []];
  for (let visit = 0; visit < VISITS; visit += 1) {
    opened.push(await openOverview(page, gateway, 1));
    whole.push(await openOverview(page, gateway, CREDENTIALS));
  }
  const [closedMs, openMs] = await firstTokens(gateway, page);
  const rows = [
    ["the Overview opens", formatMs(opened, 0.5), formatMs(opened, 0.99), ""],
    ["the Overview has all cards", formatMs(whole, 0.5), formatMs(whole, 0.99), ""],
    ["first token, console closed", formatMs(closedMs, 0.5), formatMs(closedMs, 0.99), ""],
    ["first token, open on the Overview", formatMs(openMs, 0.5), formatMs(openMs, 0.99), ratio(openMs, closedMs)],
  ];
  const [aloneMs, castMs] = await firstTokensWhileCast(gateway);
  rows.push(
    ["first token, no live view", formatMs(aloneMs, 0.5), formatMs(aloneMs, 0.99), ""],
    ["first token, a live view of a busy page", formatMs(castMs, 0.5), formatMs(castMs, 0.99), ratio(castMs, aloneMs)],
  );
  return table([`${CREDENTIALS} accounts`, "p50, ms", "p99, ms", "of closed"], rows);
}

async function signIn(page: Page, { url }: GatewayPath): Promise<void> {
  await page.goto(`${url}/console/`);
  await page.getByLabel("Admin key").fill(ADMIN_KEY);
  await page.keyboard.press("Enter");
  await page.getByRole("article").first().waitFor();
}

/** How long after the visit began so many accounts' cards are there, by the page's own clock. */
async function openOverview(page: Page, { url }: GatewayPath, cards: number): Promise<number> {
  await page.goto("about:blank");
  await page.goto(`${url}/console/`, { waitUntil: "commit" });
  const shown = await page.waitForFunction(
    (wanted) => document.querySelectorAll("article").length >= wanted && performance.now(),
    cards,
  );
  return Number(await shown.jsonValue());
}

async function firstTokens(gateway: GatewayPath, page: Page): Promise<readonly [closed: number[], open: number[]]> {
  const [closedMs, openMs]: [number[], number[]] = [[], []];
  let round = 0;
  const ask = async (times: number, into: number[]): Promise<void> => {
    for (let left = times; left > 0; left -= 1) into.push(await firstTokenMs(gateway, (round += 1)));
  };
  await ask(WARM_UP_QUESTIONS, []);
  for (let turn = 0; turn < TURNS; turn += 1) {
    await page.goto("about:blank");
    await ask(QUESTIONS_IN_TURN, closedMs);
    await openOverview(page, gateway, CREDENTIALS);
    await ask(QUESTIONS_IN_TURN, openMs);
  }
  return [closedMs, openMs];
}

/** Of other accounts in the same browser: without a live view, and while the page of one that always changes is cast. */
async function firstTokensWhileCast(gateway: GatewayPath): Promise<readonly [alone: number[], cast: number[]]> {
  const [aloneMs, castMs]: [number[], number[]] = [[], []];
  let round = 0;
  const ask = async (into: number[]): Promise<void> => {
    for (let left = QUESTIONS_IN_TURN; left > 0; left -= 1) into.push(await firstTokenMs(gateway, (round += 1)));
  };
  for (let turn = 0; turn < TURNS; turn += 1) {
    await ask(aloneMs);
    await using _view = await CastView.open(gateway.url, ADMIN_KEY);
    await ask(castMs);
  }
  return [aloneMs, castMs];
}
