import { symlinkSync } from "node:fs";
import { chmod, mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BrowserHost } from "../src/browser/browser-host.ts";
import type { LaunchOptions } from "../src/browser/launch.ts";
import { createLog, Redaction } from "../src/log.ts";

const CHROMIUM = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";

function openHost(options: Partial<LaunchOptions>): BrowserHost {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const usual = { browserPath: CHROMIUM, browserMode: "headless", stealth: true, browserArgs: [] } as const;
  return new BrowserHost({ ...usual, ...options }, log);
}

test("a browser that did not start is tried again, however often it was asked for meanwhile", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-host-"));
  await chmod(folder.path, 0o711);
  const browserPath = join(folder.path, "chromium");
  await using host = openHost({ browserPath });
  await expect(host.browser()).rejects.toMatchObject({ code: "browser_unavailable" });
  await expect(host.browser()).rejects.toThrow("did not start a moment ago");
  symlinkSync(CHROMIUM, browserPath);
  const isUp = (): Promise<boolean> => host.browser().then((browser) => browser.isConnected());
  await expect.poll(() => isUp().catch(() => false), { timeout: 10_000 }).toBe(true);
});

test.each([true, false])("tells the truth about itself; automation's mark is off: %s", async (stealth) => {
  await using host = openHost({ stealth });
  const browser = await host.browser();
  const page = await browser.newPage({ viewport: null });
  const { webdriver, userAgent } = await page.evaluate(() => {
    return { webdriver: navigator.webdriver, userAgent: navigator.userAgent };
  });
  expect(webdriver).toBe(!stealth);
  expect(userAgent).toContain(` Chrome/${browser.version().split(".")[0]}.0.0.0 `);
  expect(userAgent).not.toContain("Headless");
});
