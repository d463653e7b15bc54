// Finds or installs Chromium, and Xvfb for tests of headed browsers. For scripts/setup.mjs.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { installedByApt } from "./apt.mjs";
import { modules, projectNode } from "./packages.mjs";
import { fail, onPath, root, say, succeeds } from "./shell.mjs";

const ENDPOINT = /^\s*(?:export\s+)?BROWSER_ENDPOINT(?:_FILE)?\s*=\s*["']?\S/m;
const SYSTEM_BROWSERS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

function findChromium() {
  if (process.env.BROWSER_PATH) return process.env.BROWSER_PATH;
  const installed = SYSTEM_BROWSERS.map(onPath).find((path) => path !== undefined);
  if (installed) return installed;
  const { chromium } = createRequire(join(root, "package.json"))("playwright");
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined;
}

/** Tests of headed browsers need a display. */
export function installDisplay() {
  if (onPath("Xvfb") || installedByApt("Xvfb", "xvfb")) return;
  say("no Xvfb here and none could be installed: tests of headed browsers are left out, or fail where CI=true.");
}

/** Whether the gateway is to use browsers that run elsewhere. */
export function hasBrowsersElsewhere() {
  const file = join(root, ".env");
  const own = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  return [...own, existsSync(file) ? readFileSync(file, "utf8") : ""].some((text) => ENDPOINT.test(text));
}

export function installChromium() {
  const found = findChromium();
  if (found) {
    if (existsSync(found)) return found;
    fail(`BROWSER_PATH is ${found}, which does not exist. Unset it to have Chromium found or installed.`);
  }
  if (installedByApt("Chromium", "chromium") && findChromium()) return findChromium();
  say("downloading Playwright's Chromium…");
  succeeds(projectNode, [join(modules, "playwright", "cli.js"), "install", "chromium"], { stdio: ["ignore", 2, 2] });
  return (
    findChromium() ??
    fail(
      "no Chromium here and none could be installed. Install it (Debian: apt-get install chromium) or set BROWSER_PATH.",
    )
  );
}
