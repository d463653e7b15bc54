import { expect, test } from "vitest";
import type { ChallengeOptions } from "../../src/simulator/challenge.ts";
import type { SitePage } from "../../src/simulator/site-page.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { until } from "../faults/until.ts";
import { openWorld, type World } from "../support/world.ts";

/** The responses of vendors' challenge pages. Most of them have no mark. */
const VENDORS: Readonly<Record<string, Required<ChallengeOptions>["head"]>> = {
  Cloudflare: { status: 403, headers: { "cf-mitigated": "challenge" } },
  "DDoS-Guard, with 403": { status: 403, headers: { server: "ddos-guard" } },
  "DDoS-Guard, with 503": { status: 503, headers: { server: "ddos-guard" } },
  Vercel: { status: 429, headers: { "x-vercel-mitigated": "challenge", "retry-after": "1" } },
  "AWS WAF": { status: 202, headers: { "x-amzn-waf-action": "challenge" } },
  "AWS WAF, as a CAPTCHA": { status: 405, headers: { "x-amzn-waf-action": "captcha" } },
  "a vendor that uses 429 and no mark": { status: 429, headers: {} },
  "a vendor that uses 418": { status: 418, headers: {} },
  "a vendor that uses 247": { status: 247, headers: {} },
};

function openChallenged(head: ChallengeOptions["head"], isOn: boolean): Promise<World> {
  return openWorld({ accounts: ["alice"], simulator: { challenge: { isOn, ...(head ? { head } : {}) } } });
}

test.each(Object.entries(VENDORS))(
  "a challenge of %s is solved by the browser, at the start and during a session",
  async (_vendor, head) => {
    await using world = await openChallenged(head, true);
    expect(await world.ask("let in?")).toBe("You said: let in?");
    world.simulator.challengeAll({ head });
    expect(await world.ask("still let in?")).toBe("You said: still let in?");
    expect(world.simulator.posts.map(({ status }) => status)).toEqual([200, head.status, 200]);
    expect(world.logged.join("")).not.toMatch(/needs_attention|cooldown/);
  },
);

const SCRIPTED = "<!doctype html><html><script>1</script>One moment";

/** Opens one account at a site with this home page, and gives the account's state. */
async function stateAt(page: SitePage, wanted: string): Promise<string> {
  await using world = await openWorld({
    accounts: ["alice"],
    waitUntilReady: false,
    settings: (site) => {
      site.pages.set("/zh", page);
      return { CHALLENGE_TIMEOUT_SECONDS: "2" };
    },
  });
  const told = (): string => world.gateway.pool.states.map(({ state, reason }) => `${state}: ${reason}`).join();
  await until(`the account is ${wanted}`, () => told().includes(wanted), 10_000);
  return wanted;
}

test("a page that never solves itself is left to a person, whatever its status", async () => {
  const needed = "needs_attention: The site asks for a challenge that the browser did not solve in time";
  for (const status of [403, 202]) {
    const wanted = `${needed} (status ${status})`;
    expect(await stateAt({ status, body: SCRIPTED }, wanted)).toBe(wanted);
  }
});

test("an error page with a script gets time to solve itself, and then counts as an error", async () => {
  for (const status of [500, 404]) {
    const wanted = `idle: The site's page answers ${status}.`;
    expect(await stateAt({ status, body: SCRIPTED }, wanted)).toBe(wanted);
  }
});

test("errors, sign-in pages, rate limits and redirects are not challenges", () => {
  const site = gptomni(new URL("https://chat.test"));
  const isChallenge: typeof site.isChallenge = (head, text) => site.isChallenge(head, text);
  const html = { "content-type": "text/html; charset=utf-8" };
  const page = "<!doctype html><script>1</script>";
  expect(isChallenge({ status: 403, headers: html }, page)).toBe(true);
  expect(isChallenge({ status: 403, headers: html }, "<!doctype html>Forbidden")).toBe(false);
  expect(isChallenge({ status: 403, headers: { "content-type": "application/json" } }, page)).toBe(false);
  expect(isChallenge({ status: 503, headers: html }, "no page, but it says <script>")).toBe(false);
  expect(isChallenge({ status: 429, headers: { ...html, "retry-after": "30" } }, page)).toBe(false);
  for (const status of [0, 200, 302, 401, 404, 410]) expect(isChallenge({ status, headers: html }, page)).toBe(false);
});

/** Resources that never finish loading. */
const HANGING: Readonly<Record<string, string>> = {
  "a script": `<script src="/never"></script>`,
  "a style sheet before a script": `<link rel="stylesheet" href="/never"><script>1</script>`,
  "a font and an image": `<style>@font-face{font-family:f;src:url(/never)}</style><img src="/never"><p style="font-family:f">x`,
  "a module and a frame": `<script type="module" src="/never"></script><iframe src="/never"></iframe>`,
  "a script of a server that refuses": `<script src="https://127.0.0.1:1/refused.js"></script>`,
};

test.each(Object.entries(HANGING))(
  "a page that still loads %s counts as open, and answers requests",
  async (_name, html) => {
    await using world = await openWorld({
      accounts: ["alice"],
      settings: (site) => {
        site.pages.set("/never", { isEndless: true });
        site.pages.set("/zh", { body: `<!doctype html><html><head>${html}</head><body>hello` });
        return {};
      },
    });
    expect(await world.ask("served?")).toBe("You said: served?");
  },
);

test("a page whose document never ends counts as open, and answers requests", async () => {
  await using world = await openWorld({
    accounts: ["alice"],
    settings: (site) => {
      site.pages.set("/zh", { body: "<!doctype html><p>more to come".padEnd(2_000), isEndless: true });
      return {};
    },
  });
  expect(await world.ask("served?")).toBe("You said: served?");
});
