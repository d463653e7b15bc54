import { chromium, type Page } from "playwright";
import { describe, expect, test } from "vitest";
import { hangs, KEY, says, serve, type Answer } from "../support/scripted-gateway.ts";

/** The page in a real browser; whatever it complains about, or asks of others, is noted. */
async function openPage(url: string) {
  const root = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath: process.env["BROWSER_PATH"] ?? "/usr/bin/chromium",
    args: root ? ["--no-sandbox"] : [],
  });
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${url}/docs`);
  await page.getByText("/v1/chat/completions", { exact: true }).waitFor();
  return { page, complaints, requests, [Symbol.asyncDispose]: () => browser.close() };
}

async function send(page: Page, key: string): Promise<void> {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Send" }).click();
}

describe("the docs page", () => {
  test("lists every route, asks nobody else, and keeps to its policy", async () => {
    const { url } = await serve(says("Hello"));
    await using opened = await openPage(url);
    const { routes } = (await (await fetch(url)).json()) as { routes: string[] };
    const listed = await opened.page.locator("#operations summary").allTextContents();
    for (const route of routes) expect(listed.join("\n")).toContain(route.replace(" ", ""));
    expect(listed.find((text) => text.includes("/v1/models"))).not.toContain("key");
    expect(listed.find((text) => text.includes("/livez"))).toContain("without a key");
    expect(listed.find((text) => text.includes("/metrics"))).toContain("with the operator's key");
    await opened.page.getByText("/v1/chat/completions", { exact: true }).click();
    await opened.page.getByRole("cell", { name: "messages required" }).waitFor();
    expect(opened.requests.every((request) => request.startsWith(url) || request === "data:,")).toBe(true);
    expect(opened.complaints).toEqual([]);
  });

  test("has a policy that lets nothing in and nothing out", async () => {
    const { url } = await serve(says("Hello"));
    const policy = (await fetch(`${url}/docs`)).headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+'; /);
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toContain("unsafe");
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
    await page.getByText("I am <b>here</b>", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Stop" }).isEnabled()).toBe(true);
    end.resolve();
    await page.getByText("I am <b>here</b> and done.", { exact: true }).waitFor();
    await expect.poll(() => page.locator("#status").textContent()).toMatch(/^200 · [\d.]+ s · req_/);
    expect(opened.complaints).toEqual([]);
  });

  test("fits a phone, with an answer and its request id in it", async () => {
    const { url } = await serve(says("Hello"));
    await using opened = await openPage(url);
    const { page } = opened;
    await page.setViewportSize({ width: 390, height: 844 });
    await send(page, KEY);
    await expect.poll(() => page.locator("#status").textContent()).toMatch(/ · req_/);
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("html, section, p, .method")]
        .filter((element) => element.scrollWidth > element.clientWidth && element.clientWidth > 0)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    expect(wide).toEqual([]);
  });

  test("shows a refusal, and stops when told to", async () => {
    const { url, lines } = await serve(hangs("First"));
    await using opened = await openPage(url);
    const { page } = opened;
    await send(page, "sk-wrong");
    await page.getByText('"invalid_api_key"').first().waitFor();
    await send(page, KEY);
    await page.getByText("First", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
    await expect.poll(() => lines.at(-1)).toMatchObject({ code: "client_closed" });
  });
});
