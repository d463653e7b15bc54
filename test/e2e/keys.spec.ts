import { expect, open, test } from "./scene.ts";

test("a key is shown once, and is refused at its limit", async ({ page, scene }) => {
  await open(page, "/keys");
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByLabel("Name").fill("anna");
  await page.getByLabel("requests a minute").fill("1");
  await page.getByRole("button", { name: "Make the key" }).click();
  const shown = page.getByLabel("The new key");
  await expect(shown).toContainText("sk-");
  const key = (await shown.textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(page.getByRole("table")).toContainText("anna");
  await expect(page.getByRole("main")).not.toContainText(key);
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByLabel("API key", { exact: true }).fill(key);
  for (const message of ["First", "Second"]) {
    await page.getByLabel("Message", { exact: true }).fill(message);
    await page.getByRole("button", { name: "Send" }).click();
    if (message === "First") await expect(page.getByRole("log")).toContainText("You said: First");
  }
  await expect(page.getByRole("alert")).toContainText("per minute");
  await expect(page.getByText("429")).toBeVisible();
  await page.getByRole("link", { name: "Keys" }).click();
  await expect(page.getByRole("row", { name: "anna" })).toContainText("0 of 1 requests a minute");
  expect((await scene.post("Third", key)).status).toBe(429);
});

test("a rotated key's old secret is refused after a double click too, and so is a revoked key", async ({
  page,
  scene,
}) => {
  await open(page, "/keys");
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByLabel("Name").fill("ben");
  await page.getByRole("button", { name: "Make the key" }).click();
  const shown = page.getByLabel("The new key");
  const old = (await shown.textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  const row = page.getByRole("row", { name: "ben" });
  await row.getByRole("button", { name: "Rotate" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).dblclick();
  await expect(shown).not.toContainText(old);
  const renewed = (await shown.textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  expect((await scene.post("Hello", old)).status).toBe(401);
  expect((await scene.post("Hello", renewed)).status).toBe(200);
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(row).toHaveCount(0);
  expect((await scene.post("Hello", renewed)).status).toBe(401);
});
