import { expect, open, test } from "./scene.ts";

test.use({ sceneOptions: { accounts: [], settings: {} } });

interface Pair {
  readonly name: string;
  readonly value: string;
}

function pairsOf(header: string): readonly Pair[] {
  return header.split("; ").map((pair) => {
    const at = pair.indexOf("=");
    return { name: pair.slice(0, at), value: pair.slice(at + 1) };
  });
}

const IN_2100 = 4_102_444_800;

/** As browsers, their extensions and Playwright write them. */
const FORMS: Readonly<Record<string, (header: string) => string>> = {
  "a Cookie header": (header) => header,
  "a Cookie header with its name": (header) => `Cookie: ${header}`,
  "a curl command": (header) => `curl 'https://localhost/' -H 'accept: */*' -H 'cookie: ${header}' --compressed`,
  "a cookies.txt": (header) =>
    [
      "# Netscape HTTP Cookie File",
      ...pairsOf(header).map(({ name, value }) => `localhost\tFALSE\t/\tTRUE\t${IN_2100}\t${name}\t${value}`),
    ].join("\n"),
  "an extension's export": (header) =>
    JSON.stringify(
      pairsOf(header).map((pair) => ({ ...pair, domain: "localhost", hostOnly: true, path: "/", secure: true })),
    ),
  "a storage state": (header) =>
    JSON.stringify({
      cookies: pairsOf(header).map((pair) => ({ ...pair, domain: "localhost", path: "/", expires: -1, secure: true })),
      origins: [{ origin: "https://localhost", localStorage: [{ name: "seen", value: "yes" }] }],
    }),
};

for (const [index, [form, written]] of Object.entries(FORMS).entries()) {
  test(`an account comes in as ${form}`, async ({ page, scene }) => {
    const name = `account-${index}`;
    const cookie = await scene.site({ do: "addAccount", name });
    await open(page, "/accounts/new");
    await page.getByLabel("Cookies").fill(written(cookie));
    await expect(page.getByText("The sign-in is there")).toBeVisible();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Add the account" }).click();
    await expect(page.getByText(`${name} can answer`)).toBeVisible();
  });
}

test("a file is dropped onto the form", async ({ page, scene }) => {
  const cookie = await scene.site({ do: "addAccount", name: "dropped" });
  await open(page, "/accounts/new");
  const files = await page.evaluateHandle(
    (text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "cookies.txt", { type: "text/plain" }));
      return transfer;
    },
    FORMS["a cookies.txt"]?.(cookie) ?? "",
  );
  await page.getByLabel("Cookies").dispatchEvent("drop", { dataTransfer: files });
  await expect(page.getByText("The sign-in is there")).toBeVisible();
});

test("a file is chosen, and one that is no export of cookies is told so", async ({ page, scene }) => {
  const cookie = await scene.site({ do: "addAccount", name: "chosen" });
  await open(page, "/accounts/new");
  const choose = async (text: string): Promise<void> => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose a file" }).click();
    await (await chooser).setFiles({ name: "state.json", mimeType: "application/json", buffer: Buffer.from(text) });
  };
  await choose("a letter to a friend");
  await expect(page.getByRole("alert")).toBeVisible();
  await choose(FORMS["a storage state"]?.(cookie) ?? "");
  await expect(page.getByText("1 values of localStorage")).toBeVisible();
});
