import { chromium, type Page } from "playwright";
import { describe, expect, test } from "vitest";
import { hangs, KEY, says, serve, type Answer } from "../support/scripted-gateway.ts";

/** On a busy machine the page takes long to draw all routes. */
const PAGE_LIMIT_MS = 90_000;

/** The page in a real browser; whatever it complains about, or asks of others, is noted. */
async function openPage(url: string) {
  const root = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath: process.env["BROWSER_PATH"] ?? "/usr/bin/chromium",
    args: root ? ["--no-sandbox"] : [],
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(PAGE_LIMIT_MS);
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${url}/docs`);
  await page.locator(".opblock").first().waitFor();
  return { page, complaints, requests, [Symbol.asyncDispose]: () => browser.close() };
}

/** Fills in the dialog for keys; a key that was given before goes first. */
async function giveKey(page: Page, key: string): Promise<void> {
  await page.locator(".auth-wrapper .authorize").first().click();
  const bearer = page.locator(".auth-container").filter({ hasText: "as OpenAI's clients send it" });
  const logout = bearer.getByRole("button", { name: "Remove authorization" });
  if (await logout.isVisible()) await logout.click();
  await bearer.getByRole("textbox").fill(key);
  await bearer.locator("button.authorize").click();
  await bearer.locator("button.btn-done").click();
}

/** Opens the chat completion's form and sends its example with the key. */
async function send(page: Page, key: string): Promise<void> {
  await giveKey(page, key);
  await page.locator("#operations-OpenAI-post_v1_chat_completions .opblock-summary-control").click();
  await page.locator("button.execute").click();
}

/** The answer's body, once it holds the text. */
function answerIn(page: Page, text: string) {
  return page.locator(".live-responses-table pre").filter({ hasText: text }).first();
}

// Chromium reads a script of 1.7 MB, which takes a busy machine a while.
describe("the docs page", { timeout: 120_000 }, () => {
  test("lists every route, asks nobody else, and keeps to its policy", async () => {
    const { url } = await serve(says("Hello"));
    await using opened = await openPage(url);
    const { routes } = (await (await fetch(url)).json()) as { routes: string[] };
    const listed = (await opened.page.locator(".opblock-summary").allTextContents()).join("\n");
    // Swagger UI puts a break opportunity between the parts of a path.
    const shown = listed.replaceAll("\u200B", "");
    for (const route of routes) expect(shown).toContain(route.replace(" ", ""));
    await opened.page.locator("#operations-OpenAI-post_v1_chat_completions .opblock-summary-control").click();
    await opened.page.locator("textarea.body-param__text").waitFor();
    expect(opened.requests.filter((request) => !request.startsWith(url) && !request.startsWith("data:"))).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test("has a policy that lets nothing in and nothing out", async () => {
    const { url } = await serve(says("Hello"));
    const policy = (await fetch(`${url}/docs`)).headers.get("content-security-policy") ?? "";
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
    const { url } = await serve(says("Hello"));
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
    const slow: Answer = async function* () {
      yield { type: "text-delta", text: "I am <b>here</b>" };
      await end.promise;
      yield { type: "text-delta", text: " and done." };
      yield { type: "end", finishReason: "stop" };
    };
    const { url } = await serve(slow);
    await using opened = await openPage(url);
    const { page } = opened;
    await send(page, KEY);
    await answerIn(page, "I am <b>here</b>").waitFor();
    expect(await answerIn(page, "I am <b>here</b>").textContent()).not.toContain("and done.");
    end.resolve();
    await answerIn(page, " and done.").filter({ hasText: "data: [DONE]" }).waitFor();
    expect(await page.locator(".live-responses-table tbody .response-col_status").first().textContent()).toContain(
      "200",
    );
    await page.getByText(/x-request-id: req_/).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("shows a refusal, and stops when told to", async () => {
    const { url, lines } = await serve(hangs("First"));
    await using opened = await openPage(url);
    const { page } = opened;
    await send(page, "sk-wrong");
    await answerIn(page, "invalid_api_key").waitFor();
    await giveKey(page, KEY);
    await page.locator("button.execute").click();
    await answerIn(page, "First").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => lines.at(-1), { timeout: 60_000 }).toMatchObject({ code: "client_closed" });
  });
});
