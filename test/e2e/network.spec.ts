import { expect, open, test } from "./scene.ts";

test("without a network the console stands, says so, and goes on when it is back", async ({ page, context }) => {
  await open(page);
  await expect(page.getByText("Serving", { exact: true })).toBeVisible();
  await context.setOffline(true);
  await page.getByRole("link", { name: "Keys" }).click();
  await expect(page.getByRole("alert")).toContainText("The gateway does not answer.");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toContainText("The gateway does not answer.");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Keys" })).toBeVisible();
});

test("what is shown is said to be old as long as nothing is heard of the gateway", async ({ page }) => {
  await page.route(/\/admin\/api\/stream$/, (route) => route.abort());
  await open(page);
  await expect(page.getByText("Serving", { exact: true })).toBeVisible();
  await expect(page.getByText("What you see may be old.")).toBeVisible();
  await page.unrouteAll();
  await expect(page.getByText("What you see may be old.")).toHaveCount(0);
});
