import { API_KEY } from "../support/api-key.ts";
import { expect, open, test } from "./scene.ts";

const ATTACK = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>';

/** What the site, a caller and a name can bring. Each is shown as it is. */
test("markup in a prompt, an answer, an error and a name stays text", async ({ page, scene }) => {
  await scene.site({ do: "failNext", fault: { text: ATTACK } });
  await open(page, "/playground");
  await page.getByLabel("API key", { exact: true }).fill(API_KEY);
  await page.getByLabel("Message", { exact: true }).fill(ATTACK);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator("[data-role=assistant]")).toContainText(ATTACK);
  await expect(page.locator("[data-role=user]")).toContainText(ATTACK);
  await page.getByLabel("API key", { exact: true }).fill("sk-wrong");
  await page.getByLabel("Message", { exact: true }).fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.goto("/console/keys");
  const name = '<img src=x onerror="window.attacked=1">';
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Make the key" }).click();
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(page.getByRole("table")).toContainText(name);
  await page.goto(`/console/requests?key=${encodeURIComponent(name)}`);
  await page.goto(`/console/accounts/${encodeURIComponent(name)}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  expect(await page.evaluate(() => Reflect.get(window, "attacked"))).toBeUndefined();
});

test("another site cannot put the console into a frame", async ({ page, scene, complaints }) => {
  await page.setContent(`<iframe src="${scene.url}/console"></iframe>`);
  await expect.poll(() => complaints.splice(0)).toEqual([expect.stringContaining("frame-ancestors 'none'")]);
});

test("the key is in no storage and no cookie that a script can read, and signing out ends the session", async ({
  page,
}) => {
  await open(page);
  const kept = await page.evaluate(() =>
    [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join("\n"),
  );
  expect(kept).not.toContain("sk-");
  expect(kept).not.toContain("gateway_session");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("Admin key")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Admin key")).toBeVisible();
});

test("a page that is not there says so, and a session that ended leads to the sign-in", async ({ page, context }) => {
  await open(page, "/nowhere");
  await expect(page.getByText("There is no such page")).toBeVisible();
  await context.clearCookies();
  await page.getByRole("link", { name: "Keys" }).click();
  await expect(page.getByLabel("Admin key")).toBeVisible();
});
