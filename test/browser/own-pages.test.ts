import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import type { SitePage } from "../../src/simulator/site-page.ts";
import { openWorld, type World } from "../support/world.ts";
import { mainPidOf } from "../support/main-pid.ts";

/** Popups are allowed, as after many clicks of a person. */
const LET_THROUGH = "--disable-popup-blocking";

interface PopupWorld {
  readonly home?: SitePage;
  readonly browserArgs?: string;
  readonly accounts?: readonly string[];
}

function openPopupWorld({ home, browserArgs = LET_THROUGH, accounts = ["alice"] }: PopupWorld): Promise<World> {
  return openWorld({
    accounts,
    settings: (site) => {
      if (home) site.pages.set("/zh", home);
      return { BROWSER_ARGS: `${site.browserArgs} ${browserArgs}` };
    },
  });
}

async function pagesOf(world: World): Promise<Page[]> {
  const contexts = (await world.gateway.browsers.supervisors[0]?.browser())?.contexts() ?? [];
  return contexts.flatMap((context) => context.pages());
}

/** How many pages the browser itself has, by address. */
async function targetsOf(world: World): Promise<string[]> {
  const cdp = await (await world.gateway.browsers.supervisors[0]?.browser())?.newBrowserCDPSession();
  const { targetInfos = [] } = (await cdp?.send("Target.getTargets")) ?? {};
  await cdp?.detach();
  return targetInfos.filter(({ type }) => type === "page").map(({ url }) => new URL(url).pathname);
}

const POPUPS = ["open('/popup')", "open('/popup', '', 'noopener')", "open('about:blank')", "open('/popup', 'named')"];

/** Opens popups by this script, in itself, in a frame, and once more when it was loaded. */
function popupPage(popups: string): SitePage {
  const frame = `<iframe srcdoc="<script>${popups.replaceAll('"', "'")}</script>"></iframe>`;
  return { body: `<script>${popups}; addEventListener("load", () => { ${popups} })</script>${frame}` };
}

test.each(POPUPS)("popups while the page loads, by %s, are closed", async (popup) => {
  await using world = await openPopupWorld({ home: popupPage(`for (let n = 0; n < 6; n += 1) ${popup}`) });
  expect(await world.ask("served?")).toBe("You said: served?");
  await expect.poll(() => pagesOf(world)).toHaveLength(1);
  await expect.poll(() => targetsOf(world)).toEqual(["/zh"]);
});

test("popups that open popups, later and by a timer, are closed, and the page goes on", async () => {
  await using world = await openPopupWorld({});
  world.simulator.pages.set("/popup", popupPage("open('/popup'); open('/popup', '', 'noopener')"));
  const [page] = await pagesOf(world);
  await page?.evaluate(`let left = 20; const timer = setInterval(() => { open("/popup"); open("/popup", "", "noopener");
    if ((left -= 1) === 0) { clearInterval(timer); document.title = "all opened" } }, 20)`);
  await expect.poll(() => page?.title()).toBe("all opened");
  expect(await world.ask("served?")).toBe("You said: served?");
  await expect.poll(() => targetsOf(world)).toEqual(["/zh"]);
});

test("popups leave no page behind when the account sleeps and wakes", async () => {
  await using world = await openWorld({
    accounts: ["alice"],
    settings: (site) => {
      site.pages.set("/zh", popupPage("open('/popup', '', 'noopener')"));
      return { BROWSER_ARGS: `${site.browserArgs} ${LET_THROUGH}`, HIBERNATE_AFTER_SECONDS: "1" };
    },
  });
  for (let round = 0; round < 2; round += 1) {
    await world.ask("awake?");
    await expect.poll(() => world.gateway.pool.states[0]?.state).toBe("idle");
    await expect.poll(() => targetsOf(world)).toEqual([]);
  }
});

test("the browser's own protections are on, against popups without a click and floods of calls", async () => {
  await using world = await openPopupWorld({ home: popupPage("open('/popup')"), browserArgs: "" });
  const args = (
    await readFile(`/proc/${await mainPidOf(world.gateway.browsers.supervisors[0])}/cmdline`, "utf8")
  ).split("\0");
  expect(args).not.toContain(LET_THROUGH);
  expect(args).not.toContain("--disable-ipc-flooding-protection");
  const [page] = await pagesOf(world);
  // Nothing that the gateway does counts as an action of the user.
  const cdp = await page?.context().newCDPSession(page);
  const seen = await cdp?.send("Runtime.evaluate", {
    expression: "[navigator.userActivation.hasBeenActive, open('/popup')]+''",
  });
  expect(seen?.result.value).toBe("false,");
});

test("a page that floods its history leaves the other accounts of its browser served", async () => {
  await using world = await openPopupWorld({ browserArgs: "", accounts: ["alice", "bob"] });
  const [flooded] = await pagesOf(world);
  await flooded?.evaluate(`(() => { const channel = new MessageChannel(); let n = 0;
    channel.port1.onmessage = () => { history.pushState({}, "", "#" + (n += 1)); location.hash = n; channel.port2.postMessage(0) };
    channel.port2.postMessage(0) })()`);
  for (let round = 0; round < 6; round += 1) expect(await world.ask(`round ${round}`)).toBe(`You said: round ${round}`);
});

test("the storage that the site gets in the browser's memory is limited", async () => {
  await using world = await openPopupWorld({ browserArgs: "" });
  const [page] = await pagesOf(world);
  const stored = await page?.evaluate(async () => {
    const cache = await caches.open("hoard");
    const megabyte = new Uint8Array(1_000_000);
    for (let count = 0; count < 300; count += 1) {
      const failed = await cache.put(`/hoard/${count}`, new Response(megabyte)).then(
        () => undefined,
        (cause: unknown) => (cause as Error).name,
      );
      if (failed !== undefined) return { count, failed };
    }
    return { count: 300, failed: "" };
  });
  expect(stored?.failed).toBe("QuotaExceededError");
  expect(stored?.count).toBeLessThan(70);
});
