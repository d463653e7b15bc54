import { expect, test } from "vitest";
import { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import { evidenceOf } from "../../src/browser/page-evidence.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { WarmBrowsers } from "../support/warm-browsers.ts";

const CHROMIUM = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";

test("a page that hangs is looked at no longer than the limit, and what was not seen is named", async () => {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const options = { browserPath: CHROMIUM, browserMode: "headless", stealth: true, browserArgs: [] } as const;
  await using supervisor = new BrowserSupervisor(new WarmBrowsers(options), log);
  const browser = await supervisor.browser();
  const page = await browser.newPage({ viewport: null });
  await page.setContent("<title>Busy</title>");
  const seen = await evidenceOf(page);
  expect([seen.document?.title, seen.missing]).toEqual(["Busy", []]);
  const hangs = page.waitForEvent("console");
  const hanging = page.evaluate(() => {
    console.log("hangs");
    for (;;);
  });
  hanging.catch(() => {});
  await hangs;
  const { document, screenshot, missing } = await evidenceOf(page, { limitMs: 200 });
  expect([document, screenshot]).toEqual([undefined, undefined]);
  const what = new Set(missing.map((line) => line.split(":", 1)[0]));
  expect(what).toEqual(new Set(["read the document", "take a picture"]));
  // A context of a page that hangs is closed by the browser's own process.
  await page.context().close();
});
