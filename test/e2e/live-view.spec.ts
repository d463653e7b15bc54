import { CLICK_AT } from "../../src/simulator/challenge.ts";
import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: ["alice"], settings: { CHALLENGE_TIMEOUT_SECONDS: "1" } } });

/** Clicks a point of the account's page in its picture. */
async function clickAt(
  page: Parameters<typeof open>[0],
  at: { readonly x: number; readonly y: number },
): Promise<void> {
  const canvas = page.getByLabel("The account's page");
  const box = await canvas.boundingBox();
  const size = await canvas.evaluate((element) => [(element as HTMLCanvasElement).width, element.clientWidth] as const);
  const scale = size[1] / size[0];
  await page.mouse.click((box?.x ?? 0) + at.x * scale, (box?.y ?? 0) + at.y * scale);
}

test("a challenge that wants a person is solved in the live view, and the account serves again", async ({
  page,
  scene,
}) => {
  await scene.site({ do: "challenge", name: "alice", options: { needsClick: true } });
  await (await scene.post("Hello")).text();
  await open(page);
  await expect(page.getByText("1 account needs you")).toBeVisible();
  await page.getByRole("link", { name: "Open live view" }).click();
  await page.getByRole("button", { name: "Open live view" }).click();
  await expect(page.getByText("You see the account's own page.")).toBeVisible();
  await expect(page.getByText("No change since")).toBeVisible();
  await clickAt(page, CLICK_AT);
  await expect(page.getByText("The live view has ended.")).toBeVisible();
  const answer = await scene.post("Hello again");
  expect(await answer.text()).toContain("[DONE]");
});
