import type { Page } from "@playwright/test";
import { ADMIN_KEY } from "../support/api-key.ts";
import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: ["anna", "bert", "cleo"], settings: {} } });

/** Holds the next answer to this route back, as a slow network does, until it is released. */
async function holdBack(page: Page, path: RegExp) {
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
  const release = async (): Promise<void> => {
    released.resolve();
    await fulfilled.promise;
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  };
  return { held: held.promise, release };
}

async function act(url: string, account: string, action: string): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  await fetch(`${url}/admin/api/accounts/${account}/${action}`, { method: "POST", headers });
}

test("a list of accounts that is older than what the gateway told since takes nothing back", async ({
  page,
  scene,
}) => {
  await open(page, "/settings");
  const answer = await holdBack(page, /\/admin\/api\/accounts$/);
  await page.getByRole("link", { name: "Overview" }).click();
  await answer.held;
  await scene.site({ do: "signOut", name: "anna" });
  await act(scene.url, "anna", "check");
  await expect(page.getByText("1 account needs you")).toBeVisible();
  await answer.release();
  expect(await page.getByText("1 account needs you").isVisible()).toBe(true);
});

test("an overview that is older than what the gateway told since takes nothing back", async ({ page, scene }) => {
  await open(page, "/settings");
  const answer = await holdBack(page, /\/admin\/api\/overview$/);
  await page.getByRole("link", { name: "Overview" }).click();
  await answer.held;
  await act(scene.url, "bert", "disable");
  const change = page.getByText("account disabled: bert");
  await expect(change).toBeVisible();
  await answer.release();
  expect(await change.isVisible()).toBe(true);
});
