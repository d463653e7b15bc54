import type { Page } from "playwright";
import { Agent, request } from "undici";
import { describe, expect, test } from "vitest";
import { startChromium } from "../support/plain-chromium.ts";
import { Visitor, status } from "./visitor.ts";

const LIMIT_MS = 5_000;

/** A browser that trusts the site's key alone, signed in as the visitor. */
async function open(visitor: Visitor): Promise<{ page: Page } & AsyncDisposable> {
  const { site, cookie } = visitor;
  const browser = await startChromium([site.browserArgs]);
  const context = await browser.newContext();
  const cookies = cookie.split("; ").map((pair) => {
    const at = pair.indexOf("=");
    const attributes = { secure: true, httpOnly: true, sameSite: "Lax" as const };
    return { name: pair.slice(0, at), value: pair.slice(at + 1), url: site.origin, ...attributes };
  });
  await context.addCookies(cookies);
  return { page: await context.newPage(), [Symbol.asyncDispose]: () => browser.close() };
}

async function ask(page: Page, prompt: string): Promise<{ status: number; mitigated: string | null; text: string }> {
  return page.evaluate(async (words) => {
    const headers = { "content-type": "text/plain;charset=UTF-8" };
    const answer = await fetch("/api/chatWithText", {
      method: "POST",
      headers,
      body: JSON.stringify({ prompt: words }),
    });
    return { status: answer.status, mitigated: answer.headers.get("cf-mitigated"), text: await answer.text() };
  }, prompt);
}

describe("the challenge", () => {
  test("is met by a client without clearance on pages and prompts alike", async () => {
    await using visitor = await Visitor.open({ challenge: { isOn: true } });
    for (const answer of [await visitor.get("/zh"), await visitor.get("/"), await visitor.send("hello")]) {
      await answer.body.dump();
      expect([answer.statusCode, answer.headers["cf-mitigated"]]).toEqual([403, "challenge"]);
    }
    expect(visitor.site.pageLoads).toBe(0);
    expect(visitor.site.posts[0]).toMatchObject({ status: 403, bytesSent: 0 });
  });

  test("is solved by a real browser, asked again in mid-session and solved again", async () => {
    await using visitor = await Visitor.open({ challenge: { isOn: true, extraMs: 20 } });
    await using browser = await open(visitor);
    const { page } = browser;
    const first = await page.goto(`${visitor.site.origin}/zh`);
    expect(first?.status()).toBe(403);
    await page.getByText("You are signed in as alice.").waitFor();
    await expect(ask(page, "hello")).resolves.toEqual({ status: 200, mitigated: null, text: "You said: hello" });
    visitor.site.challengeAll();
    await expect(ask(page, "again")).resolves.toMatchObject({ status: 403, mitigated: "challenge" });
    await page.reload();
    await page.getByText("You are signed in as alice.").waitFor();
    await expect(ask(page, "third")).resolves.toMatchObject({ status: 200, text: "You said: third" });
    expect(visitor.site.posts.at(-1)?.headers.referer).toBe(`${visitor.site.origin}/zh`);
  });

  test("for one account leaves the others alone, and a browser waits at one that nobody solves", async () => {
    await using visitor = await Visitor.open();
    const bob = visitor.site.addAccount("bob");
    visitor.site.challengeAll({ isUnsolvable: true }, "alice");
    await expect(status(visitor.get("/zh", bob))).resolves.toBe(200);
    await using browser = await open(visitor);
    await browser.page.goto(`${visitor.site.origin}/zh`);
    await browser.page.getByText("Waiting for you to confirm that you are human.").waitFor();
    expect(visitor.site.pageLoads).toBe(1);
    visitor.site.challenge.drop("alice");
    await browser.page.reload();
    await browser.page.getByText("You are signed in as alice.").waitFor();
  });

  test("comes back when its clearance has run out", async () => {
    await using visitor = await Visitor.open({ challenge: { isOn: true, clearanceMs: 1_500 } });
    await using browser = await open(visitor);
    await browser.page.goto(`${visitor.site.origin}/zh`);
    await browser.page.getByText("You are signed in as alice.").waitFor();
    await expect
      .poll(async () => (await ask(browser.page, "still?")).mitigated, { timeout: LIMIT_MS })
      .toBe("challenge");
  });

  test("is no way in with a wrong solution or with none", async () => {
    await using visitor = await Visitor.open({ challenge: { isOn: true } });
    for (const body of ["", "null", '{"seed":"made up","nonce":1}']) {
      const { origin } = visitor.site;
      const answer = await request(`${origin}/cdn-cgi/challenge`, {
        method: "POST",
        body,
        dispatcher: new Agent({ connect: { rejectUnauthorized: false } }),
      });
      await answer.body.dump();
      expect([answer.statusCode, answer.headers["set-cookie"]]).toEqual([403, undefined]);
    }
  });

  test("can be the answer to one prompt", async () => {
    await using visitor = await Visitor.open();
    const { statusCode, headers, body } = await visitor.meet({ challenge: true });
    expect([statusCode, headers["cf-mitigated"]]).toEqual([403, "challenge"]);
    await body.dump();
    await expect(status(visitor.send("next"))).resolves.toBe(200);
  });
});
