import type { Page } from "@playwright/test";
import { ADMIN_KEY } from "../support/api-key.ts";
import { expect, open, test } from "./scene.ts";

const ACCOUNTS = ["anna", "bert", "cleo"];

test.use({ sceneOptions: { accounts: ACCOUNTS, settings: {} } });

async function frame(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/** Opens the console on a slow network: the answer of the route comes when it is released, the feed while it is on its way. */
async function openSlowly(page: Page, path: RegExp) {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const fulfilled = Promise.withResolvers<void>();
  await page.route(
    path,
    async (route) => {
      const response = await route.fetch();
      held.resolve();
      await released.promise;
      // The page may have cancelled it.
      await route.fulfill({ response }).catch(() => undefined);
      fulfilled.resolve();
    },
    { times: 1 },
  );
  await page.route(/\/admin\/api\/stream$/, async (route) => {
    await held.promise;
    await route.continue();
  });
  await open(page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  return async (): Promise<void> => {
    released.resolve();
    await fulfilled.promise;
    await frame(page);
  };
}

const OPERATOR = { authorization: `Bearer ${ADMIN_KEY}` };

async function all(url: string, action: "disable" | "enable"): Promise<void> {
  for (const account of ACCOUNTS) {
    await fetch(`${url}/admin/api/accounts/${account}/${action}`, { method: "POST", headers: OPERATOR });
  }
}

test.beforeEach(async ({ scene }) => {
  await all(scene.url, "enable");
  await expect.poll(() => scene.operate("/overview")).toMatchObject({ isServing: true });
});

test("a list of accounts that is older than what the gateway told since takes nothing back", async ({
  page,
  scene,
}) => {
  const release = await openSlowly(page, /\/admin\/api\/accounts$/);
  await all(scene.url, "disable");
  const account = page.getByRole("article", { name: "cleo" });
  await expect(account).toContainText("Disabled");
  await release();
  expect(await account.textContent()).toContain("Disabled");
});

test("an overview that is older than what the gateway told since takes nothing back", async ({ page, scene }) => {
  const release = await openSlowly(page, /\/admin\/api\/overview$/);
  await all(scene.url, "disable");
  const now = page.getByRole("region", { name: "Now" });
  await expect(now).toContainText("Not serving");
  await release();
  expect(await now.textContent()).toContain("Not serving");
});

test("a page that opens while the gateway tells what changes shows that, and asks for nothing else", async ({
  page,
  scene,
}) => {
  await open(page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await expect(page.getByRole("article", { name: "cleo" })).toBeVisible();
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await all(scene.url, "disable");
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("article", { name: "cleo" })).toContainText("Disabled");
  await frame(page);
  expect(asked.filter((path) => /\/(accounts|overview)$/.test(path))).toEqual([]);
});
