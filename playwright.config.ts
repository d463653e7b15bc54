import { defineConfig } from "@playwright/test";
import { withoutNeedlessFeatures } from "./src/browser/features.ts";

/** The console in a real browser, against the real gateway and the simulated site. Set-up finds the browser. */
export default defineConfig({
  testDir: "test/e2e",
  outputDir: "node_modules/.e2e",
  workers: 2,
  // Limits are for what never comes: a busy machine takes its time.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  forbidOnly: process.env["CI"] !== undefined,
  use: {
    launchOptions: {
      executablePath: process.env["BROWSER_PATH"] ?? "/usr/bin/chromium",
      args: withoutNeedlessFeatures([]),
    },
    locale: "en-US",
    viewport: { width: 1280, height: 800 },
    screenshot: "only-on-failure",
  },
});
