import { readFile } from "node:fs/promises";
import { expect, open, test } from "./scene.ts";

// A gateway of its own: other files ask it too.
test.use({ sceneOptions: { accounts: ["dora"], settings: {} } });
test.describe.configure({ mode: "serial" });

test("an answer shows on the overview while it is open", async ({ page, scene }) => {
  await open(page);
  const strip = page.getByRole("article", { name: "dora" }).getByRole("img");
  await expect(strip).toHaveAccessibleName("Last 0 answers, 0 failed");
  await (await scene.post("Hello")).text();
  await expect(strip).toHaveAccessibleName("Last 1 answers, 0 failed");
  await expect(page.getByRole("img", { name: "Requests. Answered: 1, Failed: 0" })).toBeVisible();
});

test("a failed request tells what its error means, and what the browser showed", async ({ page, scene }) => {
  await (await scene.post('@sim {"status":500}')).text();
  await open(page, "/requests?outcome=failed");
  await page.getByRole("link", { name: "site_failed" }).click();
  await expect(page.getByText("The site answered with status 5xx")).toBeVisible();
  await expect(page.getByRole("img", { name: /queue|other|stream/ })).toBeVisible();
  const screenshot = page.getByRole("img", { name: "The page at the failure" });
  await expect.poll(() => screenshot.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
});

test("usage is shown by key, account and model, and goes out as CSV", async ({ page }) => {
  await open(page, "/usage");
  await page.getByLabel("Account", { exact: true }).check();
  await expect(page.getByRole("row", { name: "master dora 2 1" })).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  expect(await readFile(await (await download).path(), "utf8")).toContain("master");
});

test("what an operator changes is among the events", async ({ page }) => {
  await open(page, "/events");
  await page.getByLabel("Kind").selectOption("audit");
  await expect(page.getByRole("row", { name: /signed in/ }).first()).toContainText("console");
});
