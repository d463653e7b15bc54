import { expect } from "vitest";
import type { Asked } from "./asked.ts";
import type { Row } from "./row.ts";
import type { Scene } from "./scene.ts";

const RENDERER = "--type=renderer";
const TWO = { accounts: ["alice", "carol"] };

/** Strikes a process of the victim's browser in the middle of an answer. */
function midAnswer(signal: NodeJS.Signals, type: string) {
  return async (scene: Scene): Promise<Asked> => {
    const asked = await scene.askEndless();
    await scene.signal(signal, type, asked);
    return asked;
  };
}

/** The victim's page runs this in the middle of an answer. */
function pageRuns(script: string) {
  return async (scene: Scene): Promise<Asked> => {
    const asked = await scene.askEndless();
    const [page] = await scene.pages(asked);
    scene.strike();
    await page?.evaluate(script).catch(() => {});
    return asked;
  };
}

/** Chromium's processes and pages. */
export const BROWSER_ROWS: readonly Row[] = [
  {
    id: "F1",
    fault: "the page's process is killed in mid-answer",
    gets: "text, then error `session_lost`",
    run: midAnswer("SIGKILL", RENDERER),
  },
  {
    id: "F2",
    fault: "an idle page's process is killed",
    gets: "answer",
    run: async (scene) => {
      await scene.signal("SIGKILL", RENDERER);
      await expect.poll(() => scene.world.logged.join("")).toMatch(/lost while nobody used it/);
      return scene.ask();
    },
  },
  {
    id: "F2a",
    fault: "the page's process is killed while the question is handed to it",
    gets: "answer, 2 attempts",
    run: async (scene) => {
      await scene.signal("SIGSTOP", RENDERER);
      const asked = scene.ask();
      await expect.poll(() => scene.world.gateway.pool.states.map(({ state }) => state)).toEqual(["busy", "busy"]);
      await scene.signal("SIGKILL", RENDERER);
      return asked;
    },
  },
  {
    id: "F3",
    fault: "an idle page freezes without a word",
    gets: "answer, 2 attempts",
    scene: TWO,
    run: async (scene) => {
      await scene.signal("SIGSTOP", RENDERER);
      return scene.ask("", false);
    },
  },
  {
    id: "F4",
    fault: "the page's process freezes in mid-answer",
    gets: "text, then error `site_timeout`",
    scene: { settings: { IDLE_TIMEOUT_SECONDS: "2" } },
    run: midAnswer("SIGSTOP", RENDERER),
  },
  {
    id: "F5",
    fault: "the browser is killed in mid-answer",
    gets: "text, then error `session_lost`",
    run: midAnswer("SIGKILL", ""),
  },
  {
    id: "F6",
    fault: "the browser freezes in mid-answer; it is noticed before the answer is given up",
    gets: "text, then error `session_lost`",
    run: async (scene) => {
      const asked = await midAnswer("SIGSTOP", "")(scene);
      await asked.over;
      return asked;
    },
  },
  {
    id: "F7",
    fault: "the GPU process is killed in mid-answer",
    gets: "left",
    run: async (scene) => {
      const asked = await midAnswer("SIGKILL", "--type=gpu-process")(scene);
      await expect.poll(() => scene.processIds("--type=gpu-process", asked)).toHaveLength(1);
      const before = asked.text.length;
      await expect.poll(() => asked.text.length).toBeGreaterThan(before + 100);
      asked.leave();
      return asked;
    },
  },
  {
    id: "F8",
    fault: "the network service is killed in mid-answer",
    gets: "text, then error `reply_cut`",
    run: midAnswer("SIGKILL", "network.mojom"),
  },
  {
    id: "F8a",
    fault: "the network service is killed, and the cookies with it, while nobody asks",
    gets: "answer",
    run: async (scene) => {
      await scene.signal("SIGKILL", "network.mojom");
      await expect.poll(() => scene.world.logged.join("")).toMatch(/lost while nobody used it/);
      return scene.ask();
    },
  },
  {
    id: "F9",
    fault: "the page takes memory until it dies",
    gets: "text, then error `session_lost`",
    scene: { browserArgs: "--js-flags=--max-old-space-size=100" },
    run: pageRuns("const hoard = []; for (;;) hoard.push(new Array(1e6).fill(hoard.length));"),
  },
  {
    id: "F10",
    fault: "the browser does not start",
    gets: "503 `no_usable_account`",
    // It is tried at once, after one second, after two more and so on. Once the next try is later than a request may wait, none waits.
    scene: { withBystander: false, settings: { BROWSER_PATH: "/bin/false", QUEUE_TIMEOUT_SECONDS: "5" } },
    recovers: false,
    lasting: "idle",
    run: async (scene) => {
      const nextTryMs = (): number => (scene.world.gateway.pool.states[0]?.nextTryAt ?? 0) - Date.now();
      await expect.poll(nextTryMs).toBeGreaterThan(6_000);
      const asked = scene.ask();
      await asked.over;
      const { url } = scene.world.gateway;
      expect([(await fetch(`${url}/readyz`)).status, (await fetch(`${url}/livez`)).status]).toEqual([503, 200]);
      return asked;
    },
  },
  {
    id: "F12",
    fault: "the browser freezes just before an idle page is closed",
    gets: "answer",
    scene: { settings: { HIBERNATE_AFTER_SECONDS: "1", QUEUE_TIMEOUT_SECONDS: "30" } },
    run: async (scene) => {
      await scene.signal("SIGSTOP", "");
      const states = (): string[] => scene.world.gateway.pool.states.map(({ state }) => state);
      await expect.poll(states, { interval: 10 }).toContain("idle");
      return scene.ask();
    },
  },
  {
    id: "F14",
    fault: "the browser is killed ten times in a row",
    gets: "text, then error `session_lost`",
    run: async (scene) => {
      for (let round = 1; round < 10; round += 1) {
        await (
          await midAnswer("SIGKILL", "")(scene)
        ).over;
        await scene.recovered();
      }
      return midAnswer("SIGKILL", "")(scene);
    },
  },
  {
    id: "F15",
    fault: "the page reloads itself in mid-answer",
    gets: "text, then error `session_lost`",
    run: pageRuns("location.reload()"),
  },
  {
    id: "F16",
    fault: "the page opens a dialog, a popup and a download in mid-answer",
    gets: "left",
    run: async (scene) => {
      const disturb = `window.open("/zh"); const link = document.createElement("a"); link.href = "data:,x"; link.download = "x";
        document.body.append(link); link.click(); alert("stop!"); confirm("really?")`;
      const asked = await pageRuns(disturb)(scene);
      const before = asked.text.length;
      await expect.poll(() => asked.text.length).toBeGreaterThan(before + 100);
      await expect.poll(() => scene.pages(asked)).toHaveLength(1);
      asked.leave();
      return asked;
    },
  },
  {
    id: "F57",
    fault: "the page's own script looks for the binding and speaks in its place",
    gets: "left",
    run: async (scene) => {
      const asked = await scene.askEndless();
      const [page] = await scene.pages(asked);
      const names = ["tell", "agent", "__playwright__binding__"];
      const found = await page?.evaluate((some) => some.filter((name) => name in globalThis), names);
      expect(found).toEqual([]);
      scene.strike();
      asked.leave();
      return asked;
    },
  },
];
