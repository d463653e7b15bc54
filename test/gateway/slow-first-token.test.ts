import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ReplyPart } from "../../src/chat.ts";
import { GatewayError, type ErrorCode } from "../../src/errors.ts";
import { Gateway } from "../../src/gateway.ts";
import { LocalPlaces } from "../../src/places/local-places.ts";
import type { Lease } from "../../src/pool/lease.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import type { Site } from "../../src/sites/site.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A site that says nothing for so long, then fails; and how often it is asked before the caller hears of a failure. */
async function askedAfterSilence(silenceMs: number, code: ErrorCode) {
  let asked = 0;
  // oxlint-disable-next-line require-yield -- it fails before its first part
  const reply = async function* (): AsyncGenerator<ReplyPart, void, undefined> {
    asked += 1;
    await new Promise((resolve) => void setTimeout(resolve, silenceMs));
    throw new GatewayError(code, "It failed.");
  };
  const lease = {
    accountId: "alice",
    explain: async (error: GatewayError) => error,
    blame: () => {},
    progressed: () => {},
    [Symbol.dispose]: () => {},
  };
  const pool = {
    lease: async () => lease as unknown as Lease,
    positionOf: () => undefined,
    waitMsOf: () => undefined,
    drain: async () => {},
  };
  const sites = { siteOf: () => ({ reply }) as unknown as Site };
  const limits = { firstPartTimeoutMs: 300_000, gapTimeoutMs: 60_000 };
  const gateway = new Gateway(new LocalPlaces({ pool, sites, limits }), sites);
  const request = { model: "m", messages: [{ role: "user" as const, text: "Hi" }], boundary: "123456789" };
  const caller = { keyId: "", isBackground: false };
  const ended: { with?: unknown } = {};
  const asking = Array.fromAsync(gateway.reply(request, caller, new AbortController().signal));
  void asking.catch((cause: unknown) => (ended.with = cause));
  while (!ended.with) await vi.advanceTimersByTimeAsync(1_000);
  return { asked, outcome: ended.with };
}

test.each(["site_unreachable", "reply_cut", "session_lost"] as const)(
  "a prompt that met a long silence is not repeated when the request breaks off (%s)",
  async (code) => {
    expect(await askedAfterSilence(60_000, code)).toMatchObject({ asked: 1, outcome: { code: "site_timeout" } });
    expect(await askedAfterSilence(1_000, code)).toMatchObject({ asked: 3, outcome: { code } });
  },
);

test.each(["site_failed", "site_rate_limited", "account_signed_out"] as const)(
  "a prompt is repeated after a long silence when the site itself says that it failed (%s)",
  async (code) => {
    expect(await askedAfterSilence(60_000, code)).toMatchObject({ asked: 3, outcome: { code } });
  },
);

test("a slow first token is told as such before the official clients give up", () => {
  const limitMs = Number(SETTINGS.FIRST_BYTE_TIMEOUT_SECONDS.default) * 1000;
  for (const sdk of [OpenAI, Anthropic]) expect(limitMs).toBeLessThan(sdk.DEFAULT_TIMEOUT);
});
