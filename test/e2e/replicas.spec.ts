import type { Page } from "@playwright/test";
import { SIGN_IN_AT } from "../../src/simulator/sign-in.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";
import { clickAt, confirmSignIn, passChallenge } from "./account-page.ts";
import { expect as soon, open, test, type Scene } from "./scene.ts";

/** The console is open at a door, which opens no pages itself. */
const DOOR = { MAX_OPEN_SESSIONS: "0" };
const OWNER = { MAX_OPEN_SESSIONS: "4" };
/** An answer that goes on until the test has looked. */
const LONG = '[[sim {"chunks":600,"chunkDelayMs":100}]]';

test.use({
  sceneOptions: {
    accounts: ["anna", "bert", "cleo", "dora"],
    settings: { CHALLENGE_TIMEOUT_SECONDS: "1" },
    replicas: [DOOR, OWNER, OWNER],
  },
});
test.skip(LACKS_POSTGRES);
// Accounts take their time to move from one replica to another.
test.slow();
const expect = soon.configure({ timeout: 60_000 });

interface Shown {
  readonly replicas: readonly { readonly id: string; readonly isAsked: boolean; readonly accounts: number }[];
}

interface Account {
  readonly id: string;
  readonly state: string;
  readonly replica: string;
}

/** The id of each replica, in the order of the scene. */
async function idsOf(scene: Scene): Promise<string[]> {
  const views = await Promise.all(scene.urls.map((url) => scene.operate<Shown>("/overview", url)));
  return views.map(({ replicas }) => replicas.find(({ isAsked }) => isAsked)?.id ?? "");
}

/** An account that another replica than the door has, and the index of that replica. */
async function accountElsewhere(scene: Scene): Promise<{ readonly id: string; readonly owner: number }> {
  const ids = await idsOf(scene);
  const found = async (): Promise<Account | undefined> => {
    const { data } = await scene.operate<{ readonly data: readonly Account[] }>("/accounts");
    return data.find(({ state, replica }) => ["ready", "idle"].includes(state) && ids.indexOf(replica) > 0);
  };
  await expect.poll(found).toBeDefined();
  const account = await found();
  if (!account) throw new Error("the account was lost again");
  return { id: account.id, owner: ids.indexOf(account.replica) };
}

async function confirm(page: Page, verb: string): Promise<void> {
  await page.getByRole("button", { name: verb, exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: verb, exact: true }).click();
}

/** Opens a list again until the row is in it: it is written a moment after what it tells, and is read once. */
async function hasRow(page: Page, url: string, name: RegExp): Promise<void> {
  const row = page.getByRole("row", { name });
  await expect(async () => {
    await page.goto(url);
    await soon(row.first()).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
}

test("a console shows all replicas, and the accounts of all", async ({ page, scene }) => {
  await open(page);
  const [door = "", ...owners] = await idsOf(scene);
  const table = page.getByRole("region", { name: "Replicas" });
  await expect(table.getByRole("row", { name: door })).toContainText("shows you this");
  for (const id of [door, ...owners]) await expect(table.getByRole("row", { name: id })).toContainText("Serving");
  const accountsOf = async (id: string): Promise<number> =>
    Number(await table.getByRole("row", { name: id }).getByRole("cell").nth(2).textContent());
  // Which of them has which account follows from their ids, and these are random.
  await expect.poll(async () => (await Promise.all(owners.map(accountsOf))).reduce((sum, one) => sum + one)).toBe(4);
  expect(await accountsOf(door)).toBe(0);
  for (const name of ["anna", "bert", "cleo", "dora"]) {
    await expect(page.getByRole("article", { name })).toContainText(/Ready|Asleep/);
  }
  await expect(page.getByText("4 of 4 accounts can answer")).toBeVisible();
});

test("another replica's account is disabled, enabled, checked and opened anew", async ({ page, scene }) => {
  const { id, owner } = await accountElsewhere(scene);
  const ids = await idsOf(scene);
  await open(page, `/accounts/${id}`);
  await expect(page.getByRole("main")).toContainText(ids[owner] ?? "");
  await confirm(page, "Disable");
  await expect(page.getByText("Disabled", { exact: true }).first()).toBeVisible();
  expect(await scene.operate(`/accounts/${id}`, scene.urls[owner])).toMatchObject({ state: "disabled" });
  await page.getByRole("button", { name: "Enable" }).click();
  await expect(page.getByText(/^(Ready|Asleep)$/).first()).toBeVisible();
  await page.getByRole("button", { name: "Check now" }).click();
  await expect(page.getByRole("status").filter({ hasText: "checked" })).toBeVisible();
  await confirm(page, "Recycle");
  await expect(page.getByRole("status").filter({ hasText: /new page|new one/ })).toBeVisible();
});

test("an account that is added at one replica is renamed, gets another sign-in, and is removed", async ({
  page,
  scene,
}) => {
  const cookie = await scene.site({ do: "addAccount", name: "erna" });
  const other = await scene.site({ do: "addAccount", name: "fritz" });
  await open(page, "/accounts/new");
  await page.getByLabel("Cookies").fill(cookie);
  await page.getByLabel("Name", { exact: true }).fill("erna");
  await page.getByRole("button", { name: "Add the account" }).click();
  await expect(page.getByText("erna can answer")).toBeVisible();
  await page.getByRole("link", { name: "Show the account" }).click();
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByLabel("Name").fill("emil");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "emil" })).toBeVisible();
  await expect(page.getByText(/^(Ready|Asleep)$/).first()).toBeVisible();
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByLabel("New sign-in").fill(other);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText(/^(Ready|Asleep)$/).first()).toBeVisible();
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("emil");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("table")).toContainText("anna");
  await expect(page.getByRole("table")).not.toContainText("emil");
});

test("a challenge of another replica's account is solved in its live view", async ({ page, scene }) => {
  const { id } = await accountElsewhere(scene);
  await scene.site({ do: "challenge", name: id, options: { needsClick: true } });
  await open(page, `/accounts/${id}`);
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByRole("link", { name: "Overview" }).click();
  await passChallenge(page, expect);
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("article", { name: id })).toContainText(/Ready|Asleep/);
});

test("an account is added by signing in by hand, through a replica that opens no pages", async ({ page, scene }) => {
  const [name, password] = ["gustav", "correct horse"];
  await scene.site({ do: "addPerson", name, password });
  await open(page, "/live/new");
  await page.getByLabel("Name").fill("gustav");
  await page.getByRole("button", { name: "Open live view" }).click();
  await expect(page.getByText("No change since")).toBeVisible();
  await clickAt(page, SIGN_IN_AT.name);
  await page.keyboard.type(name);
  await clickAt(page, SIGN_IN_AT.password);
  await page.keyboard.type(password);
  await clickAt(page, SIGN_IN_AT.button);
  await confirmSignIn(page);
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("article", { name: "gustav" })).toContainText(/Ready|Asleep/);
});

test("a key that is made at one replica is taken at another, and its requests show at each", async ({
  page,
  scene,
}) => {
  await open(page, "/keys");
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByLabel("Name").fill("heidi");
  await page.getByRole("button", { name: "Make the key" }).click();
  const shown = page.getByLabel("The new key");
  await expect(shown).toContainText("sk-");
  const key = (await shown.textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  const [, url = ""] = scene.urls;
  expect(await (await scene.post("Hello", key, url)).text()).toContain("[DONE]");
  // Whoever is signed in at one replica is so at each.
  for (const at of [scene.url, url]) {
    await hasRow(page, `${at}/console/requests`, /heidi/);
    await hasRow(page, `${at}/console/usage`, /heidi/);
    await hasRow(page, `${at}/console/events`, /heidi/);
  }
});

test("a replica that freezes is shown as silent, and its accounts as they were, until another one has them", async ({
  page,
  context,
  scene,
}) => {
  const ids = await idsOf(scene);
  const { id, owner } = await accountElsewhere(scene);
  await open(page);
  const replica = page.getByRole("region", { name: "Replicas" }).getByRole("row", { name: ids[owner] ?? "" });
  await expect(replica).toContainText("Serving");
  const list = await context.newPage();
  await list.goto("/console/accounts");
  const account = list.getByRole("row", { name: id });
  await expect(account).toContainText(ids[owner] ?? "");
  await scene.site({ do: "signal", replica: owner, name: "SIGSTOP" });
  await Promise.all([
    expect(replica).toContainText("Does not answer"),
    expect(account).toContainText("last known"),
    expect(account).toContainText(ids[3 - owner] ?? ""),
  ]);
  await expect(account).not.toContainText("last known");
  await scene.site({ do: "signal", replica: owner, name: "SIGCONT" });
  await expect(replica).toContainText("Serving");
});

test("a replica that is stopped is shown as draining while it answers, then no more", async ({ page, scene }) => {
  await open(page);
  const answer = await scene.post(LONG);
  const [door = "", ...owners] = await idsOf(scene);
  const busy = answer.headers.get("x-gateway-replica") ?? "";
  expect(owners).toContain(busy);
  await scene.site({ do: "stop", replica: [door, ...owners].indexOf(busy) });
  const row = page.getByRole("region", { name: "Replicas" }).getByRole("row", { name: busy });
  await expect(row).toContainText("Draining");
  await answer.body?.cancel();
  await expect(row).toHaveCount(0);
  for (const name of ["anna", "bert", "cleo", "dora"]) {
    await expect(page.getByRole("article", { name })).toContainText(/Ready|Asleep/);
  }
});
