import type { Page } from "playwright";
import { expect } from "vitest";
import type { SitePage } from "../../src/simulator/site-page.ts";
import type { Asked } from "./asked.ts";
import type { Row } from "./row.ts";
import type { Scene } from "./scene.ts";

const HOME = "/zh";
const LEADS_AWAY = { withElsewhere: true };
const HANGING: SitePage = { body: `<!doctype html><script src="/never"></script><p>hello` };
const POPUPS: SitePage = {
  body: `<script>for (let n = 0; n < 6; n += 1) { open("/zh/popup"); open("/zh/popup", "", "noopener") }</script>hello`,
};

function redirectTo(address: string): SitePage {
  return { status: 302, headers: { location: `${address}/login` } };
}

async function pageOf(scene: Scene, asked?: Asked): Promise<Page> {
  const [page] = await scene.pages(asked);
  if (!page) throw new Error("the victim has no page");
  return page;
}

/** The victim's page is opened anew, and the site's page is this one. */
function opensAt(page: SitePage) {
  return async (scene: Scene): Promise<Asked> => {
    scene.world.simulator.pages.set("/never", { isEndless: true });
    scene.world.simulator.pages.set(HOME, page);
    await scene.signal("SIGKILL", "--type=renderer");
    await expect.poll(() => scene.world.logged.join("")).toMatch(/lost while nobody used it/);
    return scene.ask();
  };
}

/** How many pages the victim's browser has, the hidden ones too. */
async function targetsOf(scene: Scene): Promise<number> {
  const cdp = await (await scene.hostOf().browser()).newBrowserCDPSession();
  const { targetInfos } = await cdp.send("Target.getTargets");
  await cdp.detach();
  return targetInfos.filter(({ type }) => type === "page").length;
}

/** The site's page leads away, opens windows, or waits for a third party. */
export const PAGE_ROWS: readonly Row[] = [
  {
    id: "F70",
    fault: "the page is redirected to another server at its visit, and later no more",
    gets: "503 `queue_timeout`",
    scene: LEADS_AWAY,
    run: async (scene) => {
      const { simulator, logged } = scene.world;
      const asked = await opensAt(redirectTo(scene.elsewhere.origin))(scene);
      await asked.over;
      await expect.poll(() => logged.join("")).toContain(`went to ${scene.elsewhere.origin}/login; nothing is sent`);
      simulator.pages.delete(HOME);
      return asked;
    },
  },
  {
    id: "F70a",
    fault: "an idle page goes to another server by itself",
    gets: "answer",
    scene: LEADS_AWAY,
    run: async (scene) => {
      const { logged } = scene.world;
      scene.strike();
      await (await pageOf(scene)).evaluate(`location.href = "${scene.elsewhere.origin}/login"`);
      await expect.poll(() => logged.join("")).toContain(`stands at ${scene.elsewhere.origin}/login`);
      return scene.ask();
    },
  },
  {
    id: "F70b",
    fault: "the page goes to another server in mid-answer",
    gets: "text, then error `session_lost`",
    scene: LEADS_AWAY,
    run: async (scene) => {
      const asked = await scene.askEndless();
      const page = await pageOf(scene, asked);
      scene.strike();
      await page.evaluate(`location.href = "${scene.elsewhere.origin}/"`).catch(() => {});
      return asked;
    },
  },
  {
    id: "F70c",
    fault: "an account wakes into a redirect to another server, and later no more",
    gets: "503 `queue_timeout`",
    scene: { ...LEADS_AWAY, settings: { HIBERNATE_AFTER_SECONDS: "1" } },
    run: async (scene) => {
      const { simulator } = scene.world;
      await expect.poll(() => scene.victimState?.state).toBe("idle");
      simulator.pages.set(HOME, redirectTo(scene.elsewhere.origin));
      scene.strike();
      const asked = scene.ask();
      await asked.over;
      simulator.pages.delete(HOME);
      return asked;
    },
  },
  {
    id: "F71",
    fault: "the page opens twelve windows while it loads",
    gets: "answer",
    // As a browser does whose user has let them through.
    scene: { browserArgs: "--disable-popup-blocking" },
    run: async (scene) => {
      const asked = await opensAt(POPUPS)(scene);
      await asked.over;
      await expect.poll(() => targetsOf(scene)).toBe(1);
      return asked;
    },
  },
  {
    id: "F72",
    fault: "a third party's script that the page waits for never comes",
    gets: "answer",
    run: opensAt(HANGING),
  },
];
