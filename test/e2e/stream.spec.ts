import { ADMIN_KEY } from "../support/api-key.ts";
import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: ["anna"], settings: {} } });

test("an answer that is older than what the gateway told since takes nothing back", async ({ page, scene }) => {
  await open(page, "/settings");
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const fulfilled = Promise.withResolvers<void>();
  await page.route(
    /\/admin\/api\/accounts$/,
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
  await page.getByRole("link", { name: "Overview" }).click();
  await held.promise;
  await scene.site({ do: "signOut", name: "anna" });
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  await fetch(`${scene.url}/admin/api/accounts/anna/check`, { method: "POST", headers });
  await expect(page.getByText("1 account needs you")).toBeVisible();
  released.resolve();
  await fulfilled.promise;
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  expect(await page.getByText("1 account needs you").isVisible()).toBe(true);
});
