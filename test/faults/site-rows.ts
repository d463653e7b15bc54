import { expect } from "vitest";
import type { Fault } from "../../src/simulator/fault.ts";
import type { Row } from "./row.ts";

const TWO = { accounts: ["alice", "carol"] };
const DDOS_GUARD = { status: 503, headers: { server: "ddos-guard" } };
const VERCEL = { status: 429, headers: { "x-vercel-mitigated": "challenge", "retry-after": "1" } };

/** The site does this to one request, and there is no other account. */
function once(id: string, fault: string, directive: Fault, gets: string): Row {
  return {
    id,
    fault,
    gets,
    run: async (scene) => {
      scene.strike();
      return scene.ask(directive, false);
    },
  };
}

/** What the site says in place of an answer. */
export const SITE_ROWS: readonly Row[] = [
  {
    id: "F27",
    fault: "the account is signed out, and another is free",
    gets: "answer, 2 attempts",
    scene: TWO,
    lasting: "expired",
    run: async (scene) => {
      scene.world.simulator.signOut(scene.victim);
      scene.strike();
      let asked = scene.ask("", false);
      await asked.over;
      // Whose turn it was decides whether this one met it.
      if (asked.attempts === 1) asked = scene.ask("", false);
      return asked;
    },
  },
  {
    ...once("F27a", "the account is signed out, and it was the only one", {}, "503 `account_signed_out`"),
    recovers: false,
    lasting: "expired",
    run: async (scene) => {
      scene.world.simulator.signOut(scene.victim);
      return scene.ask("", false);
    },
  },
  {
    ...once("F28", "the site forbids the account to ask (403)", { status: 403 }, "502 `site_forbidden`"),
    recovers: false,
    lasting: "cooldown",
  },
  {
    id: "F29",
    fault: "a challenge in mid-session that the browser solves",
    gets: "answer, 2 attempts",
    run: async (scene) => {
      scene.strike();
      scene.world.simulator.challengeAll({}, scene.victim);
      return scene.ask();
    },
  },
  {
    id: "F29a",
    fault: "a challenge that comes when the page stands at the site already",
    gets: "answer",
    run: async (scene) => {
      const { simulator } = scene.world;
      const loads = simulator.pageLoads;
      await scene.signal("SIGKILL", "--type=renderer");
      await expect.poll(() => simulator.pageLoads, { interval: 1 }).toBe(loads + 1);
      simulator.challengeAll({}, scene.victim);
      return scene.ask("", false);
    },
  },
  {
    ...once("F29b", "a challenge in place of each answer, whichever account asks", {}, "503 `site_challenged`"),
    scene: TWO,
    run: async (scene) => {
      scene.strike();
      return scene.ask({ challenge: true });
    },
  },
  {
    id: "F29c",
    fault: "the page freezes while it solves a challenge",
    gets: "answer, 2 attempts",
    // Long enough for a busy machine, which must then solve it.
    scene: { settings: { CHALLENGE_TIMEOUT_SECONDS: "12", QUEUE_TIMEOUT_SECONDS: "40" } },
    run: async (scene) => {
      scene.world.simulator.challengeAll({ extraMs: 1_000 }, scene.victim);
      const asked = scene.ask("", false);
      await scene.untilChallengeStands();
      await scene.signal("SIGSTOP", "--type=renderer");
      return asked;
    },
  },
  {
    id: "F30",
    fault: "challenges of two other vendors in mid-session, with statuses of their own, that the browser solves",
    gets: "answer, 2 attempts",
    run: async (scene) => {
      scene.strike();
      scene.world.simulator.challengeAll({ head: DDOS_GUARD }, scene.victim);
      const first = scene.ask();
      await first.over;
      scene.world.simulator.challengeAll({ head: VERCEL }, scene.victim);
      const asked = scene.ask();
      await asked.over;
      expect(first.got).toBe(asked.got);
      return asked;
    },
  },
  {
    id: "F31",
    fault: "a challenge that never clears; it is left to a person and not hammered",
    gets: "503 `site_challenged`",
    scene: { settings: { CHALLENGE_TIMEOUT_SECONDS: "2" } },
    recovers: false,
    lasting: "needs_attention",
    run: async (scene) => {
      scene.world.simulator.challengeAll({ isUnsolvable: true }, scene.victim);
      const asked = scene.ask();
      await asked.over;
      expect((scene.victimState?.nextTryAt ?? 0) - Date.now()).toBeGreaterThan(60_000);
      return asked;
    },
  },
  once("F32", "a sign-in page with status 200", { html: true }, "503 `site_challenged`"),
  once("F32a", "an error inside a 200", { jsonError: true }, "502 `site_failed`"),
  {
    ...once("F33", "429, come back in 1 s", { status: 429, retryAfter: "1" }, "429 `site_rate_limited`"),
  },
  {
    ...once("F33a", "429, come back in 30 years", { status: 429, retryAfter: "1000000000" }, "429 `site_rate_limited`"),
    recovers: false,
    lasting: "cooldown",
    run: async (scene) => {
      const asked = scene.ask({ status: 429, retryAfter: "1000000000" }, false);
      await asked.over;
      expect((scene.victimState?.nextTryAt ?? Infinity) - Date.now()).toBeLessThanOrEqual(3_600_000);
      return asked;
    },
  },
  {
    ...once("F33b", "429 for all accounts, of which not all may have their page open", {}, "429 `site_rate_limited`"),
    scene: { ...TWO, settings: { MAX_OPEN_SESSIONS: "2" } },
    run: async (scene) => {
      scene.strike();
      return scene.ask({ status: 429, retryAfter: "1" }, false);
    },
  },
  {
    ...once("F33c", "429, and a new token with it", {}, "429 `site_rate_limited`"),
    scene: { simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 } },
    recovers: false,
    lasting: "cooldown",
    run: async (scene) => scene.ask({ status: 429, retryAfter: "1000" }, false),
  },
  once("F34", "the site fails (500), and there is no other account", { status: 500 }, "502 `site_failed`"),
  {
    id: "F34a",
    fault: "the site fails (502) three times in a row, whichever account asks",
    gets: "502 `site_failed`",
    scene: { accounts: ["alice", "carol", "dave"] },
    run: async (scene) => {
      scene.strike();
      scene.world.simulator.failNext({ status: 502 }, { times: 3 });
      return scene.ask("", false);
    },
  },
  once("F35", "an empty answer", { empty: true }, "502 `reply_empty`"),
  once("F35a", "an answer of white space", { whitespace: true }, "502 `reply_empty`"),
  {
    id: "F36",
    fault: "the site takes the sign-in away with a whole answer",
    gets: "answer",
    recovers: false,
    lasting: "expired",
    run: async (scene) => {
      const asked = scene.ask({ signOut: true });
      await asked.over;
      await expect.poll(() => scene.victimState?.state).toBe("expired");
      return asked;
    },
  },
  {
    id: "F37",
    fault: "every answer brings a new token, and no old one holds",
    gets: "answer",
    scene: { simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 } },
    run: async (scene) => {
      for (let round = 0; round < 5; round += 1) await scene.ask().over;
      scene.strike();
      return scene.ask();
    },
  },
  once("F38", "the site's API is somewhere else (404)", { status: 404 }, "502 `site_changed`"),
];
