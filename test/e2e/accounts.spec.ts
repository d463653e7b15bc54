import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: ["alice", "bob"], settings: {} } });

/** An answer that goes on until the test has done what it does meanwhile. */
const LONG = '[[sim {"chunks":60,"chunkDelayMs":100}]]';

test("an account is disabled while it answers: the answer goes on, and the dialog says so first", async ({
  page,
  scene,
}) => {
  await open(page, "/accounts/alice");
  const answers = await Promise.all([scene.post(LONG), scene.post(LONG)]);
  const texts = Promise.all(answers.map((answer) => answer.text()));
  await page.getByRole("button", { name: "Disable" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("An answer that is running now may finish.");
  await dialog.getByRole("button", { name: "Disable" }).click();
  await expect(page.getByRole("status").filter({ hasText: "goes on" })).toBeVisible();
  for (const text of await texts) expect(text).toContain("[DONE]");
  await expect(page.getByText("Disabled", { exact: true }).first()).toBeVisible();
  await page.getByRole("button", { name: "Enable" }).click();
  await expect(page.getByRole("button", { name: "Disable" })).toBeVisible();
});

test("the overview tells which account needs a person when its sign-in is over", async ({ page, scene }) => {
  await open(page);
  await expect(page.getByRole("article", { name: "bob" })).toBeVisible();
  await scene.site({ do: "signOut", name: "bob" });
  await page.getByRole("link", { name: "bob" }).click();
  await page.getByRole("button", { name: "Check now" }).click();
  await expect(page.getByText("Signed out").first()).toBeVisible();
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByText("1 account needs you")).toBeVisible();
  await expect(page.getByRole("link", { name: "Sign in by hand" })).toBeVisible();
});

test("an account that came through the console is changed and removed, one of the settings is not", async ({
  page,
  scene,
}) => {
  await open(page, "/accounts/alice");
  await expect(page.getByRole("button", { name: "Disable" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove" })).toHaveCount(0);
  const cookie = await scene.site({ do: "addAccount", name: "carol" });
  await page.goto("/console/accounts/new");
  await page.getByLabel("Cookies").fill(cookie);
  await page.getByLabel("Name", { exact: true }).fill("carol");
  await page.getByRole("button", { name: "Add the account" }).click();
  await page.getByRole("link", { name: "Show the account" }).click();
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByLabel("Name").fill("caroline");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "caroline" })).toBeVisible();
  await page.getByRole("button", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Remove" })).toBeDisabled();
  await dialog.getByRole("textbox").fill("caroline");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("table")).toContainText("alice");
  await expect(page.getByRole("table")).not.toContainText("caroline");
});
