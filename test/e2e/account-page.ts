import type { Page } from "@playwright/test";
import { CLICK_AT } from "../../src/simulator/challenge.ts";
import { SIGN_IN_AT } from "../../src/simulator/sign-in.ts";
import { expect } from "./scene.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Clicks a point of the account's page in its picture. */
export async function clickAt(page: Page, at: Point): Promise<void> {
  const canvas = page.getByLabel("The account's page");
  const box = await canvas.boundingBox();
  const size = await canvas.evaluate((element) => [(element as HTMLCanvasElement).width, element.clientWidth] as const);
  const scale = size[1] / size[0];
  await page.mouse.click((box?.x ?? 0) + at.x * scale, (box?.y ?? 0) + at.y * scale);
}

/** Confirms the sign-in in the pop-up that the site opens, until the live view is over. */
export async function confirmSignIn(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: "Confirm" })).toHaveAttribute("aria-pressed", "true");
  const isOver = page.getByText("The live view has ended.");
  // The pop-up's tab is there before its picture.
  await expect(async () => {
    if (!(await isOver.isVisible())) await clickAt(page, SIGN_IN_AT.confirm);
    await expect(isOver).toBeVisible({ timeout: 5_000 });
  }).toPass();
}

/** Clicks the challenge away that the overview tells of. `expects`: with the limit of the caller's own waits. */
export async function passChallenge(page: Page, expects = expect): Promise<void> {
  await expects(page.getByText("1 account needs you")).toBeVisible();
  await page.getByRole("link", { name: "Open live view" }).click();
  await page.getByRole("button", { name: "Open live view" }).click();
  await expects(page.getByText("You see the account's own page.")).toBeVisible();
  await expects(page.getByText("No change since")).toBeVisible();
  await clickAt(page, CLICK_AT);
  await expects(page.getByText("The live view has ended.")).toBeVisible();
}
