import { symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BrowserHost } from "../src/browser/browser-host.ts";
import { createLog, Redaction } from "../src/log.ts";

test("a browser that did not start is tried again, however often it was asked for meanwhile", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gptomni-host-"));
  const browserPath = join(folder, "chromium");
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  await using host = new BrowserHost({ browserPath, browserMode: "headless", stealth: true, browserArgs: [] }, log);
  await expect(host.browser()).rejects.toMatchObject({ code: "browser_unavailable" });
  await expect(host.browser()).rejects.toThrow("did not start a moment ago");
  symlinkSync(process.env["BROWSER_PATH"] ?? "/usr/bin/chromium", browserPath);
  const isUp = (): Promise<boolean> => host.browser().then((browser) => browser.isConnected());
  await expect.poll(() => isUp().catch(() => false), { timeout: 10_000 }).toBe(true);
  await rm(folder, { recursive: true });
});
