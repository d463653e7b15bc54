import { AxeBuilder } from "@axe-core/playwright";
import { expect, open, test } from "./scene.ts";

/** As long as a name may be, and with no place to break it. */
const LONG = `an.address.of.mail@${"example".repeat(6)}.com`.slice(0, 64);

test.use({ sceneOptions: { accounts: ["alice", "bob", LONG], settings: {} } });

const PAGES = [
  "",
  "/accounts",
  "/accounts/alice",
  "/accounts/new",
  "/playground",
  "/keys",
  "/requests",
  "/usage",
  "/live",
];
const LAST_PAGES = ["/live/alice", "/events", "/settings"];
const ALL = [...PAGES, ...LAST_PAGES, `/accounts/${LONG}`];

test("every page is usable on a phone: nothing is wider than the screen", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  for (const path of ALL) {
    await page.goto(`/console${path}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect([path, width]).toEqual([path, 390]);
  }
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Keys" }).click();
  await expect(page.getByRole("heading", { name: "Keys" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`no page has a serious barrier for people with disabilities, ${colorScheme}`, async ({ page }) => {
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto("/console");
    await expect(page.getByLabel("Admin key")).toBeVisible();
    const barriers = async (): Promise<string[]> => {
      // It would copy style sheets into style elements, which the page's policy refuses. No rule in force needs them.
      const { violations } = await new AxeBuilder({ page }).options({ preload: false }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      return serious.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
    };
    expect(await barriers()).toEqual([]);
    await open(page);
    for (const path of ALL) {
      await page.goto(`/console${path}`);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      expect([path, ...(await barriers())]).toEqual([path]);
    }
  });
}

test.describe("in a Chinese browser", () => {
  test.use({ locale: "zh-CN" });

  test("the console speaks Chinese, and English when told", async ({ page }) => {
    await page.goto("/console");
    await expect(page.getByRole("button", { name: "登录" })).toBeVisible();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    await open(page);
    await expect(page.getByRole("heading", { name: "概览" })).toBeVisible();
    // The gateway tells reasons in English.
    await expect(page.getByText("等待请求").first()).toBeVisible();
    await page.getByText("English", { exact: true }).click();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  });
});

test("dark is kept, and everything can be reached by keyboard", async ({ page }) => {
  await open(page);
  await page.getByText("Dark", { exact: true }).click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByText("Skip to the page")).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Add an account" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Add an account" })).toBeVisible();
});
