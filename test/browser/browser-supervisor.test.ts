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

function openHost(options: Partial<LaunchOptions>): BrowserSupervisor {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const usual = { browserPath: CHROMIUM, browserMode: "headless", stealth: true, browserArgs: [] } as const;
  return new BrowserSupervisor(new LocalBrowsers({ ...usual, ...options }), log);
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
  await expect.poll(() => isUp().catch(() => false)).toBe(true);
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

const IS_ROOT = process.getuid?.() === 0;

/** Chromium as it is where user namespaces are off: it says so, and starts only without its sandbox. */
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
  await using host = openHost({ browserPath, requireSandbox: true });
  await expect(host.browser()).rejects.toThrow(
    "Chromium's sandbox cannot start here: user namespaces are not allowed.",
  );
});

test.runIf(IS_ROOT)(
  "as root without user namespaces, the browser runs as another user, and says why it has no sandbox",
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-host-"));
    const browserPath = await standIn(folder.path, WITHOUT_NAMESPACES);
    await using host = openHost({ browserPath });
    await host.browser();
    expect(host.confinement).toMatchObject({
      isSandboxed: false,
      reason: expect.stringContaining("No usable sandbox!"),
    });
    expect(host.confinement?.userId).toBeGreaterThan(60_000);
  },
);

test.runIf(IS_ROOT)(
  "a browser that root alone may run does so as root, after the gateway in turn, and says why",
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-host-"));
    const browserPath = await standIn(folder.path, `#!/bin/sh\nexec ${CHROMIUM} "$@"\n`);
    await chmod(folder.path, 0o700);
    await using host = openHost({ browserPath });
    await host.browser();
    const reason = expect.stringContaining(`only root may come to ${browserPath}`);
    expect(host.confinement).toEqual({ isSandboxed: false, userId: undefined, reason });
    const stat = await readFile(`/proc/${await mainPidOf(host)}/stat`, "utf8");
    expect(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])).toBeGreaterThanOrEqual(0);
  },
);
