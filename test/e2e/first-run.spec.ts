import { API_KEY } from "../support/api-key.ts";
import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: [], settings: {} } });
test.describe.configure({ mode: "serial" });

test("a wrong key is refused with the gateway's own words", async ({ page }) => {
  await page.goto("/console");
  await page.getByLabel("Admin key").fill("sk-wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("not the operator's key");
});

test("the first run leads from no account to one that answers", async ({ page, scene }) => {
  const cookie = await scene.site({ do: "addAccount", name: "alice" });
  await open(page);
  await expect(page.getByRole("heading", { name: "Welcome. Add your first account." })).toBeVisible();
  await page.getByLabel("Cookies").fill("theme=dark");
  await expect(page.getByText("The sign-in is missing")).toBeVisible();
  await page.getByLabel("Cookies").fill(cookie);
  const preview = page.getByRole("status").filter({ hasText: "The sign-in is there" });
  await expect(preview).toContainText("__Secure-next-auth.session-token");
  await expect(preview).not.toContainText(cookie.split(/[=;]/)[1] ?? "");
  await page.getByLabel("Name", { exact: true }).fill("alice");
  await page.getByRole("button", { name: "Add the account" }).click();
  await expect(page.getByText("alice can answer")).toBeVisible();
  await page.getByRole("link", { name: "Try it in the playground" }).click();
  await page.getByRole("button", { name: "Make one for an hour" }).click();
  await expect(page.getByLabel("API key", { exact: true })).toHaveValue(/^sk-/);
  await page.getByLabel("Message", { exact: true }).fill("Hello from the console");
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await expect(page.getByRole("log")).toContainText("You said: Hello from the console");
  await expect(page.getByText("x-gateway-account")).toBeVisible();
});

for (const dialect of ["Chat completions", "Responses", "Messages"]) {
  test(`the playground speaks ${dialect}, streams, and stops when told`, async ({ page }) => {
    await open(page, "/playground");
    await page.getByLabel("API key", { exact: true }).fill(API_KEY);
    await page.getByText(dialect, { exact: true }).click();
    await page
      .getByLabel("Message", { exact: true })
      .fill('[[sim {"chunks":2,"chunkText":"well ","stallAfterChunks":1}]]');
    await page.getByRole("button", { name: "Send" }).click();
    await expect(page.getByRole("log")).toContainText("well");
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
    await page.getByLabel("Message", { exact: true }).fill("Once more");
    await page.getByRole("button", { name: "Send" }).click();
    await expect(page.getByRole("log")).toContainText("You said: Once more");
  });
}

test("the same request is there for a terminal and for programs, without the key", async ({ page }) => {
  await open(page, "/playground");
  await page.getByLabel("API key", { exact: true }).fill(API_KEY);
  await page.getByLabel("Message", { exact: true }).fill("It's me");
  const shown = page.getByLabel("The same request");
  for (const [program, part] of [
    ["curl", String.raw`It'\''s me`],
    ["Python", "from openai import OpenAI"],
    ["TypeScript", 'import OpenAI from "openai"'],
  ] as const) {
    await page.getByText(program, { exact: true }).click();
    await expect(shown).toContainText(part);
    await expect(shown).not.toContainText(API_KEY);
  }
});
