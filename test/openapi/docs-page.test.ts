import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startChromium } from "../support/plain-chromium.ts";
import { hangs, KEY, open, says, type Answer } from "../support/scripted-gateway.ts";

/** On a busy machine the page takes long to draw all routes. */
const PAGE_LIMIT_MS = 480_000;
/** Within it, Playwright looks through less than the whole page, again and again. */
const CHAT = "#operations-OpenAI-post_v1_chat_completions";

let answer: Answer;
let served: Awaited<ReturnType<typeof open>>;
let browser: Browser;
/** All tests use it: to draw it takes as long as all that they do. The chat completion's form is open. */
let page: Page;
/** Whatever the page complained about, and asked of anybody. */
const complaints: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  served = await open((...of) => answer(...of));
  browser = await startChromium();
  page = await browser.newPage();
  page.setDefaultTimeout(PAGE_LIMIT_MS);
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${served.url}/docs`);
  await page.locator(`${CHAT} .opblock-summary-control`).click();
  await page.locator("textarea.body-param__text").waitFor();
}, PAGE_LIMIT_MS);
afterAll(async () => {
  await browser?.close();
  served?.[Symbol.dispose]();
});
beforeEach(() => {
  answer = says("Hello");
});

/** Fills in the dialog for keys; a key that was given before goes first. */
async function giveKey(key: string): Promise<void> {
  await page.locator(".auth-wrapper .authorize").first().click();
  const bearer = page.locator(".auth-container").filter({ hasText: "as OpenAI's clients send it" });
  const logout = bearer.getByRole("button", { name: "Remove authorization" });
  if (await logout.isVisible()) await logout.click();
  await bearer.getByRole("textbox").fill(key);
  await bearer.locator("button.authorize").click();
  await bearer.locator("button.btn-done").click();
}

/** Sends the form's example with the key. */
async function send(key: string): Promise<void> {
  await giveKey(key);
  await page.locator("button.execute").click();
}

/** The answer's body, once it holds the text. */
function answerIn(text: string) {
  return page.locator(".live-responses-table pre").filter({ hasText: text }).first();
}

describe("the docs page", { timeout: PAGE_LIMIT_MS }, () => {
  test("lists every route, asks nobody else, and keeps to its policy", async () => {
    const { url } = served;
    const { routes } = (await (await fetch(url)).json()) as { routes: string[] };
    const listed = (await page.locator(".opblock-summary").allTextContents()).join("\n");
    // Swagger UI puts a break opportunity between the parts of a path.
    const shown = listed.replaceAll("\u200B", "");
    for (const route of routes) expect(shown).toContain(route.replace(" ", ""));
    expect(requests.filter((request) => !request.startsWith(url) && !request.startsWith("data:"))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("has a policy that lets nothing in and nothing out", async () => {
    const policy = (await fetch(`${served.url}/docs`)).headers.get("content-security-policy") ?? "";
    expect(policy.split(";")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  test("serves its own files and no other", async () => {
    const { url } = served;
    for (const [file, type] of [
      ["swagger-ui.css", "text/css"],
      ["swagger-ui-bundle.js", "text/javascript"],
    ] as const) {
      const response = await fetch(`${url}/docs/${file}`);
      expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining(type)]);
      await response.arrayBuffer();
    }
    for (const file of ["index.html", "package.json", "..%2Fdocument.ts", "__proto__", "swagger-ui-bundle.js.map"]) {
      const response = await fetch(`${url}/docs/${file}`);
      expect([file, response.status, await response.text()]).toEqual([
        file,
        404,
        expect.stringContaining("unknown_url"),
      ]);
    }
  });

  test("shows an answer while it streams", async () => {
    const end = Promise.withResolvers<void>();
    answer = async function* () {
      yield { type: "text-delta", text: "I am <b>here</b>" };
      await end.promise;
      yield { type: "text-delta", text: " and done." };
      yield { type: "end", finishReason: "stop" };
    };
    await send(KEY);
    await answerIn("I am <b>here</b>").waitFor();
    expect(await answerIn("I am <b>here</b>").textContent()).not.toContain("and done.");
    end.resolve();
    await answerIn(" and done.").filter({ hasText: "data: [DONE]" }).waitFor();
    expect(await page.locator(".live-responses-table tbody .response-col_status").first().textContent()).toContain(
      "200",
    );
    await page
      .locator(".live-responses-table")
      .getByText(/x-request-id: req_/)
      .waitFor();
    expect(complaints).toEqual([]);
  });

  test("shows a refusal, and stops when told to", async () => {
    answer = hangs("First");
    await send("sk-wrong");
    await answerIn("invalid_api_key").waitFor();
    await send(KEY);
    await answerIn("First").waitFor();
    await page.locator(CHAT).getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => served.lines.at(-1), { timeout: 60_000 }).toMatchObject({ code: "client_closed" });
  });
});
