import { symlinkSync } from "node:fs";
import { chmod, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import type { LaunchOptions } from "../../src/browser/launch.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { LocalBrowsers } from "../../src/browser/local.ts";
import { mainPidOf } from "../support/main-pid.ts";

const CHROMIUM = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";

function openSupervisor(options: Partial<LaunchOptions>): BrowserSupervisor {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const usual = { browserPath: CHROMIUM, browserMode: "headless", stealth: true, browserArgs: [] } as const;
  return new BrowserSupervisor(new LocalBrowsers({ ...usual, ...options }), log);
}

test("a browser that did not start is started again later, however often it was requested meanwhile", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-host-"));
  await chmod(folder.path, 0o711);
  const browserPath = join(folder.path, "chromium");
  await using supervisor = openSupervisor({ browserPath });
  await expect(supervisor.browser()).rejects.toMatchObject({ code: "browser_unavailable" });
  await expect(supervisor.browser()).rejects.toThrow("did not start a moment ago");
  symlinkSync(CHROMIUM, browserPath);
  const isUp = (): Promise<boolean> => supervisor.browser().then((browser) => browser.isConnected());
  await expect.poll(() => isUp().catch(() => false)).toBe(true);
});

test.each([true, false])("the browser's user agent is true; the mark of automation is off: %s", async (stealth) => {
  await using supervisor = openSupervisor({ stealth });
  const browser = await supervisor.browser();
  const page = await browser.newPage({ viewport: null });
  const { webdriver, userAgent } = await page.evaluate(() => {
    return { webdriver: navigator.webdriver, userAgent: navigator.userAgent };
  });
  expect(webdriver).toBe(!stealth);
  expect(userAgent).toContain(` Chrome/${browser.version().split(".")[0]}.0.0.0 `);
  expect(userAgent).not.toContain("Headless");
});

const IS_ROOT = process.getuid?.() === 0;

/** Like Chromium on a machine without user namespaces: it says so, and starts only without its sandbox. */
const WITHOUT_NAMESPACES = `#!/bin/sh
case "$*" in *--version* | *--no-sandbox*) exec ${CHROMIUM} "$@" ;; esac
echo "FATAL:content/browser/zygote_host/zygote_host_impl_linux.cc:128] No usable sandbox!" >&2
exit 1
`;

async function standIn(folder: string, text: string): Promise<string> {
  await chmod(folder, 0o755);
  const browserPath = join(folder, "chromium");
  await writeFile(browserPath, text, { mode: 0o755 });
  return browserPath;
}

test("a browser that must have its sandbox does not start without it, and says what to do", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-host-"));
  const browserPath = await standIn(folder.path, WITHOUT_NAMESPACES);
  await using supervisor = openSupervisor({ browserPath, requireSandbox: true });
  await expect(supervisor.browser()).rejects.toThrow(
    "Chromium's sandbox cannot start here: user namespaces are not allowed.",
  );
});

test.runIf(IS_ROOT)(
  "as root without user namespaces, the browser runs as another user, and says why it has no sandbox",
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-host-"));
    const browserPath = await standIn(folder.path, WITHOUT_NAMESPACES);
    await using supervisor = openSupervisor({ browserPath });
    await supervisor.browser();
    expect(supervisor.confinement).toMatchObject({
      isSandboxed: false,
      reason: expect.stringContaining("No usable sandbox!"),
    });
    expect(supervisor.confinement?.userId).toBeGreaterThan(60_000);
  },
);

test.runIf(IS_ROOT)(
  "a browser that only root may execute runs as root, with no higher priority than the gateway, and says why",
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-host-"));
    const browserPath = await standIn(folder.path, `#!/bin/sh\nexec ${CHROMIUM} "$@"\n`);
    await chmod(folder.path, 0o700);
    await using supervisor = openSupervisor({ browserPath });
    await supervisor.browser();
    const reason = expect.stringContaining(`only root may come to ${browserPath}`);
    expect(supervisor.confinement).toEqual({ isSandboxed: false, userId: undefined, reason });
    const stat = await readFile(`/proc/${await mainPidOf(supervisor)}/stat`, "utf8");
    expect(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])).toBeGreaterThanOrEqual(0);
  },
);
