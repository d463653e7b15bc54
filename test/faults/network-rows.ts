import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import type { Asked } from "./asked.ts";
import type { FaultProxy } from "./proxy.ts";
import type { Row } from "./row.ts";
import type { Scene } from "./scene.ts";
import { untilStill } from "./until.ts";

const PROXIED = { throughProxy: true };
const STILL_LIMIT_MS = 60_000;
const TWO = { accounts: ["alice", "carol"] };
/** How long the site thinks before it answers, where something else is to happen first. */
const THINKING = { delayMs: 1_500 };

/** Breaks the victim's connection in the middle of an answer; all is well again afterwards. */
function midAnswer(breakOff: (proxy: FaultProxy) => void) {
  return async (scene: Scene): Promise<Asked> => {
    const asked = await scene.askEndless();
    scene.strike();
    breakOff(scene.proxy);
    await asked.over;
    await scene.proxy.recover();
    return asked;
  };
}

/** Breaks it while the site has the question and has said nothing. */
function beforeAnswer(breakOff: (proxy: FaultProxy) => void) {
  return async (scene: Scene): Promise<Asked> => {
    const asked = scene.ask(THINKING);
    await scene.world.simulator.waitForPost(({ prompt }) => prompt === asked.prompt, 30_000);
    scene.strike();
    breakOff(scene.proxy);
    await asked.over;
    await scene.proxy.recover();
    return asked;
  };
}

/** The site itself does it to this request. */
function sites(directive: object) {
  return async (scene: Scene): Promise<Asked> => {
    scene.strike();
    return scene.ask(directive);
  };
}

/** What lies between Chromium and the site. */
export const NETWORK_ROWS: readonly Row[] = [
  {
    id: "F17",
    fault: "the site refuses connections, and comes back",
    gets: "502 `site_unreachable`",
    scene: PROXIED,
    run: async (scene) => {
      scene.strike();
      scene.proxy.refuse();
      const asked = scene.ask();
      await asked.over;
      const states = scene.world.gateway.pool.states.map(({ state }) => state);
      // The site's fault, not the account's.
      expect(states).not.toContain("cooldown");
      await scene.proxy.recover();
      return asked;
    },
  },
  {
    id: "F29d",
    fault: "the solution of a challenge is lost on its way",
    gets: "answer, 2 attempts",
    // Long enough for a busy machine, which must then solve it.
    scene: { ...PROXIED, settings: { CHALLENGE_TIMEOUT_SECONDS: "12" } },
    run: async (scene) => {
      const { simulator } = scene.world;
      simulator.challengeAll({ extraMs: 1_000 }, scene.victim);
      const asked = scene.ask("", false);
      await scene.untilChallengeStands();
      scene.strike();
      scene.proxy.turnAway();
      const before = scene.proxy.turnedAway;
      // Chromium tries several times before it gives up.
      await untilStill("attempts", () => scene.proxy.turnedAway - before, STILL_LIMIT_MS);
      await scene.proxy.recover();
      return asked;
    },
  },
  {
    id: "F17a",
    fault: "the connection to the site cannot be trusted any more",
    gets: "text, then error `reply_cut`",
    scene: PROXIED,
    run: midAnswer((proxy) => proxy.corrupt()),
  },
  {
    id: "F18",
    fault: "the connection is reset before the answer; Chromium itself asks again over another one",
    gets: "answer",
    scene: PROXIED,
    run: beforeAnswer((proxy) => proxy.reset()),
  },
  {
    id: "F18a",
    fault: "the connection is reset in mid-answer",
    gets: "text, then error `reply_cut`",
    scene: PROXIED,
    run: midAnswer((proxy) => proxy.reset()),
  },
  {
    id: "F18b",
    fault: "the site resets the request before it answers, and another account is free",
    gets: "answer, 2 attempts",
    scene: TWO,
    run: async (scene) => {
      scene.strike();
      scene.world.simulator.failNext({ resetBeforeHeaders: true });
      return scene.ask();
    },
  },
  {
    id: "F19",
    fault: "the connection ends in mid-answer as if all were said",
    gets: "text, then error `reply_cut`",
    scene: PROXIED,
    run: midAnswer((proxy) => proxy.finish()),
  },
  {
    id: "F20",
    fault: "nothing passes any more before the answer",
    gets: "504 `site_timeout`",
    scene: { ...PROXIED, settings: { FIRST_BYTE_TIMEOUT_SECONDS: "1" } },
    run: beforeAnswer((proxy) => proxy.stall()),
  },
  {
    id: "F20b",
    fault: "nothing passes any more before the answer, and another account is free; the prompt is not sent again",
    gets: "504 `site_timeout`",
    scene: { ...PROXIED, ...TWO, settings: { FIRST_BYTE_TIMEOUT_SECONDS: "1" } },
    run: beforeAnswer((proxy) => proxy.stall()),
  },
  {
    id: "F20a",
    fault: "nothing passes any more in mid-answer",
    gets: "text, then error `site_timeout`",
    scene: { ...PROXIED, settings: { IDLE_TIMEOUT_SECONDS: "1" } },
    run: midAnswer((proxy) => proxy.stall()),
  },
  {
    id: "F21",
    fault: "a word now and then, for longer than an answer may take to begin",
    gets: "left",
    scene: { settings: { API_REQUEST_TIMEOUT: "3" } },
    run: async (scene) => {
      const asked = scene.ask({ chunks: 1_000_000, chunkDelayMs: 500, chunkText: "word " });
      await asked.begun();
      scene.strike();
      // Nine seconds of words: longer than its session is lent without progress, too.
      await expect.poll(() => asked.text.length).toBeGreaterThan(18 * "word ".length);
      asked.leave();
      await asked.over;
      return asked;
    },
  },
  {
    id: "F22",
    fault: "an answer without end and without a line",
    gets: "text, then error `reply_too_large`",
    // Chromium hands over as much as came meanwhile, up to 2 MiB at once: a page that is slow sees the first piece so large.
    scene: { settings: { MAX_REPLY_BYTES: "3000000" } },
    run: sites({ hugeBytes: 200_000_000 }),
  },
  {
    id: "F23",
    fault: "every byte comes by itself, so that characters are cut",
    gets: "answer",
    run: sites({ text: "Zürich, 東京, 🐈‍⬛ e\u0301 \u0000 \ufeff ende", bytewise: true }),
  },
  {
    id: "F24",
    fault: "an answer that looks like the stream's own framing",
    gets: "answer",
    run: sites({ text: 'data: [DONE]\n\ndata: {"error":{}}\r\n\r\n\u2028\u001b[31m</script><!doctype html>' }),
  },
  {
    id: "F26",
    fault: "a redirect to another server",
    gets: "502 `site_changed`",
    run: async (scene) => {
      let visits = 0;
      const trap = createServer((_request, response) => {
        visits += 1;
        response.end("trapped");
      }).listen(0, "127.0.0.1");
      await once(trap, "listening");
      scene.strike();
      const asked = scene.ask({ redirectTo: `http://127.0.0.1:${(trap.address() as AddressInfo).port}/` });
      await asked.over;
      trap.close();
      expect(visits).toBe(0);
      return asked;
    },
  },
];
