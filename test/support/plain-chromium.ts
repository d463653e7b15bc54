import { chromium, type Browser } from "playwright";
import { withoutNeedlessFeatures } from "../../src/browser/features.ts";

/** A Chromium without the gateway's session in it, for tests of pages and cookies alone. Whoever starts it closes it. */
export function startChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["BROWSER_PATH"] ?? "/usr/bin/chromium",
    chromiumSandbox: process.getuid?.() !== 0,
    args: withoutNeedlessFeatures(args),
  });
}
