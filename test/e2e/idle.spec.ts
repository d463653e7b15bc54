import type { Page } from "@playwright/test";
import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: ["anna"], settings: { CONSOLE_IDLE_SECONDS: "15" } } });

const TOLD = "You were signed out because nobody used the console for a while.";

async function isSignedIn(page: Page): Promise<boolean> {
  return (await page.request.get("/admin/api/session")).ok();
}

test("a console that nobody touches is signed out with its stream and live view, and says so", async ({
  page,
  context,
}) => {
  const ended = page.waitForEvent("requestfinished", (request) => request.url().endsWith("/admin/api/stream"));
  await open(page);
  const other = await context.newPage();
  const opened = other.waitForEvent("websocket");
  await other.goto("/console/live/anna");
  await other.getByRole("button", { name: "Open live view" }).click();
  const view = await opened;
  const closed = view.waitForEvent("close");
  await expect(page.getByText(TOLD)).toBeVisible();
  await Promise.all([ended, closed]);
  await expect(other.getByText(TOLD)).toBeVisible();
  expect(await isSignedIn(page)).toBe(false);
});

test("a console whose operator moves the pointer now and then stays signed in, in each of its tabs", async ({
  page,
  context,
}) => {
  const answered = page.waitForResponse(
    (response) => response.url().endsWith("/admin/api/session") && response.request().method() === "POST",
  );
  await open(page);
  const { expiresAt, idleMs } = (await (await answered).json()) as { expiresAt: number; idleMs: number };
  const other = await context.newPage();
  await other.goto("/console");
  // The stream alone is no use: without the pointer the session would be over by then.
  await expect
    .poll(
      async () => {
        await page.mouse.move(300 + (Date.now() % 50), 300);
        return Date.now() > expiresAt + idleMs;
      },
      { intervals: [250], timeout: 90_000 },
    )
    .toBe(true);
  for (const tab of [page, other]) await expect(tab.getByRole("heading", { name: "Overview" })).toBeVisible();
  expect(await isSignedIn(page)).toBe(true);
});
