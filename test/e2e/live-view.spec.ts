import type { CDPSession } from "@playwright/test";
import { SIGN_IN_AT } from "../../src/simulator/sign-in.ts";
import { clickAt, confirmSignIn, passChallenge } from "./account-page.ts";
import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: ["alice"], settings: { CHALLENGE_TIMEOUT_SECONDS: "1" } } });

test("a challenge that wants a person is solved in the live view, and the account serves again", async ({
  page,
  scene,
}) => {
  await scene.site({ do: "challenge", name: "alice", options: { needsClick: true } });
  await (await scene.post("Hello")).text();
  await open(page);
  await passChallenge(page);
  const answer = await scene.post("Hello again");
  expect(await answer.text()).toContain("[DONE]");
});

test("an account is added by signing in by hand, with an input method, a paste and a pop-up", async ({
  page,
  context,
  scene,
}) => {
  test.slow();
  const [name, password] = ["多拉", "correct horse é 密码"];
  await scene.site({ do: "addPerson", name, password });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: scene.url });
  await open(page, "/live/new");
  await page.getByLabel("Name").fill("by-hand");
  await page.getByRole("button", { name: "Open live view" }).click();
  await expect(page.getByText("No change since")).toBeVisible();
  await clickAt(page, SIGN_IN_AT.name);
  await compose(await context.newCDPSession(page), name);
  await clickAt(page, SIGN_IN_AT.password);
  await page.evaluate((text) => navigator.clipboard.writeText(text), password);
  await page.keyboard.press("Control+V");
  await clickAt(page, SIGN_IN_AT.button);
  await confirmSignIn(page);
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("article", { name: "by-hand" })).toContainText(/Ready|Asleep/);
});

test("a viewer that loses its connection frees the account", async ({ page, scene }) => {
  await open(page, "/live/alice");
  await page.getByRole("button", { name: "Open live view" }).click();
  await expect(page.getByText("You see the account's own page.")).toBeVisible();
  await page.close();
  await expect.poll(async () => (await scene.post("Hello")).text()).toContain("[DONE]");
});

/** As an input method writes: syllables first, then the characters that were chosen. */
async function compose(session: CDPSession, text: string): Promise<void> {
  for (const unfinished of ["duo", "duo la"]) {
    const end = unfinished.length;
    await session.send("Input.imeSetComposition", { text: unfinished, selectionStart: end, selectionEnd: end });
  }
  await session.send("Input.insertText", { text });
}
