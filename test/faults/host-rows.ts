import { readFile, writeFile } from "node:fs/promises";
import { expect } from "vitest";
import type { Asked } from "./asked.ts";
import type { HostScene } from "./host-scene.ts";
import type { HostRow } from "./row.ts";

const TEN = Array.from({ length: 10 }, (_one, index) => `victim-${index}`);
const HALF_A_MINUTE_OF_WORDS = { chunks: 600, chunkDelayMs: 50, chunkText: "word " };
const TWO_SECONDS_OF_WORDS = { ...HALF_A_MINUTE_OF_WORDS, chunks: 40 };
/** Of the victim's answer and the bystander's, in four seconds. */
const FOUR_SECONDS_OF_PIECES = 280;
const MORE_TEXT = 100;

/** An answer goes on after the gateway stood still for seconds, and no browser was taken for frozen. */
function standStill(stop: (scene: HostScene) => Promise<void>, goOn: (scene: HostScene) => Promise<void>) {
  return async (scene: HostScene): Promise<Asked> => {
    const asked = await scene.askEndless();
    await stop(scene);
    await scene.untilSiteSaid(FOUR_SECONDS_OF_PIECES);
    scene.strike();
    await goOn(scene);
    const before = asked.text.length;
    await expect.poll(() => asked.text.length).toBeGreaterThan(before + MORE_TEXT);
    await scene.bystanderHasMore();
    expect(scene.count("chromium is frozen")).toBe(0);
    asked.leave();
    return asked;
  };
}

/** The gateway's own process, as its operator and its machine treat it. */
export const HOST_ROWS: readonly HostRow[] = [
  {
    id: "F13",
    fault: "the gateway is killed in mid-answer, and started again",
    gets: "connection lost",
    host: { simulator: { replacedTokensInForce: 0, rotateEveryReplies: 1 } },
    run: async (scene) => {
      const asked = await scene.askEndless();
      // The token that came with it is stored by then.
      await scene.untilSiteSaid(75);
      const browsers = await scene.gateway.browsers();
      scene.strike();
      await scene.killAndRestart();
      expect(scene.count("removed stale temporary directories")).toBe(1);
      expect(await scene.gateway.browsers()).not.toContain(browsers[0]);
      expect(scene.simulator.posts.filter(({ prompt }) => prompt === asked.prompt)).toHaveLength(1);
      return asked;
    },
  },
  {
    id: "F59",
    fault: "SIGTERM while ten are answered and ten wait",
    gets: "503 `server_shutting_down`",
    host: { accounts: TEN, settings: { CREDENTIALS_PER_BROWSER: "5", QUEUE_LIMIT: "10", QUEUE_TIMEOUT_SECONDS: "60" } },
    recovers: false,
    run: async (scene) => {
      const answered = TEN.map(() => scene.ask({ ...TWO_SECONDS_OF_WORDS, chunks: 200 }));
      await Promise.all(answered.map((one) => one.begun()));
      // One too many: when it is turned away, the others wait.
      const waiting = Array.from({ length: 11 }, () => scene.ask());
      await Promise.race(waiting.map(({ over }) => over));
      scene.strike();
      scene.gateway.signal("SIGTERM");
      await Promise.all(waiting.map(({ over }) => over));
      expect(waiting.map(({ got }) => got).toSorted()).toEqual([
        "429 `rate_limit_exceeded`",
        ...Array.from({ length: 10 }, () => "503 `server_shutting_down`"),
      ]);
      expect(waiting.every(({ shouldRetry }) => shouldRetry === "true")).toBe(true);
      expect([await scene.gateway.status("/readyz"), await scene.gateway.status("/livez")]).toEqual([503, 200]);
      expect(answered.map(({ ending }) => ending)).toEqual(TEN.map(() => "under way"));
      await scene.stopped();
      expect(answered.map(({ got }) => got)).toEqual(TEN.map(() => "answer"));
      return waiting.find(({ status }) => status === 503) ?? scene.ask();
    },
  },
  {
    id: "F59a",
    fault: "SIGTERM in the moment in which an answer is over that brought a new token",
    gets: "answer",
    host: { simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 } },
    run: async (scene) => {
      const asked = scene.ask();
      await asked.over;
      scene.strike();
      scene.gateway.signal("SIGTERM");
      await scene.stopped();
      await scene.start();
      await scene.untilOpen();
      return asked;
    },
  },
  {
    id: "F60",
    fault: "SIGTERM twice in mid-answer",
    gets: "connection lost",
    host: { settings: { DRAIN_TIMEOUT_SECONDS: "3600" } },
    recovers: false,
    run: async (scene) => {
      const asked = await scene.askEndless();
      scene.gateway.signal("SIGTERM");
      await scene.gateway.says(/stopping/);
      scene.gateway.signal("SIGTERM");
      await scene.stopped();
      return asked;
    },
  },
  {
    id: "F60b",
    fault: "SIGTERM while a page is renewed",
    gets: "answer",
    host: { settings: { RENEW_AFTER_REQUESTS: "1" } },
    recovers: false,
    run: async (scene) => {
      const loads = scene.simulator.pageLoads;
      const asked = scene.ask();
      await expect.poll(() => scene.simulator.pageLoads, { interval: 1 }).toBe(loads + 1);
      scene.gateway.signal("SIGTERM");
      await scene.stopped();
      return asked;
    },
  },
  {
    id: "F60c",
    fault: "SIGINT in mid-answer",
    gets: "answer",
    host: {},
    recovers: false,
    run: async (scene) => {
      const asked = scene.ask(TWO_SECONDS_OF_WORDS);
      await asked.begun();
      scene.gateway.signal("SIGINT");
      await scene.stopped();
      return asked;
    },
  },
  {
    id: "F64",
    fault: "the gateway alone stands still for four seconds in mid-answer",
    gets: "left",
    stops: true,
    host: { withBystander: true },
    run: standStill(
      async (scene) => scene.gateway.signal("SIGSTOP"),
      async (scene) => scene.gateway.signal("SIGCONT"),
    ),
  },
  {
    id: "F65",
    fault: "the gateway and its browsers stand still for four seconds in mid-answer, as a machine asleep",
    gets: "left",
    stops: true,
    host: { withBystander: true },
    run: standStill(
      (scene) => scene.gateway.signalAll("SIGSTOP"),
      (scene) => scene.gateway.signalAll("SIGCONT"),
    ),
  },
  {
    id: "F69",
    fault: "the file of accounts is spoilt in mid-answer, SIGHUP, and mended",
    gets: "left",
    host: { withBystander: true },
    run: async (scene) => {
      const asked = await scene.askEndless();
      scene.strike();
      await writeFile(scene.accountsFile, "[");
      scene.gateway.signal("SIGHUP");
      await scene.gateway.says(/accounts not reloaded/);
      await scene.writeAccounts();
      scene.gateway.signal("SIGHUP");
      await scene.gateway.says(/accounts reloaded/);
      const before = asked.text.length;
      await expect.poll(() => asked.text.length).toBeGreaterThan(before + MORE_TEXT);
      asked.leave();
      return asked;
    },
  },
  {
    id: "F69a",
    fault: "the file of accounts is read in the middle of a save, again and again, in mid-answer",
    gets: "left",
    host: { withBystander: true, simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 } },
    run: async (scene) => {
      const asked = await scene.askEndless();
      scene.strike();
      const whole = await readFile(scene.accountsFile, "utf8");
      for (const [before, part] of ["", " \n", "\0\0\0\0", whole.slice(0, -20)].entries()) {
        await writeFile(scene.accountsFile, part);
        await expect.poll(() => scene.count("accounts not reloaded")).toBe(before + 1);
      }
      await scene.writeAccounts();
      await scene.gateway.says(/accounts reloaded/);
      expect(scene.count("account removed")).toBe(0);
      const before = asked.text.length;
      await expect.poll(() => asked.text.length).toBeGreaterThan(before + MORE_TEXT);
      asked.leave();
      return asked;
    },
  },
];
