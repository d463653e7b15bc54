import { describe, expect, test } from "vitest";
import type { ReplyPart } from "../../src/chat.ts";
import { movedAway } from "../../src/browser/address.ts";
import { unreachable } from "../../src/browser/net-error.ts";
import { loadConfig } from "../../src/config/config.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { identify, signInKey } from "../../src/credentials/account-identity.ts";
import { listAccounts } from "../../src/credentials/account-list.ts";
import { Gateway } from "../../src/gateway.ts";
import { optionsOf } from "../../src/options.ts";
import { LocalPlaces, type LocalPlacesParts } from "../../src/places/local-places.ts";
import type { Lease } from "../../src/pool/lease.ts";
import { Sites, sitesAt } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { originSettingOf, type PageRequest } from "../../src/sites/site.ts";
import { parrotAt } from "../support/parrot.ts";

const origin = new URL("https://chat.example.test");
const first = gptomni(origin);

const parrot = parrotAt(new URL("https://parrot.example.test"));
const sites = new Sites([first, parrot]);

describe("two sites", () => {
  test("offer the models of both, and the first site answers for unknown names", () => {
    expect(sites.models).toEqual(["gptomni", "parrot-1"]);
    expect(sites.siteOf("parrot-1")).toBe(parrot);
    for (const model of ["gptomni", "gpt-4o"]) expect(sites.siteOf(model)).toBe(first);
  });

  test("tell their accounts apart by their own cookies", () => {
    const gptomniCookie = "__Secure-next-auth.session-token=abc; sid=1";
    const list = JSON.stringify([
      { id: "one", cookie: gptomniCookie },
      { id: "two", cookie: "sid=1; theme=dark", site: "parrot" },
    ]);
    const { accounts, problem } = identify(listAccounts(list).accounts, sites);
    expect(problem).toBeUndefined();
    expect(accounts.map(({ id, site }) => [id, site])).toEqual([
      ["one", undefined],
      ["two", "parrot"],
    ]);
    const twice = JSON.stringify([
      { id: "two", cookie: "sid=1; theme=dark", site: "parrot" },
      { id: "three", cookie: "sid=1; theme=light", site: "parrot" },
    ]);
    expect(identify(listAccounts(twice).accounts, sites).problem).toContain("have the same sign-in");
  });

  test("may both be signed in to with one cookie: those are two accounts, and what is stored of each is its own", () => {
    const list = JSON.stringify(["gptomni", "parrot"].map((site) => ({ cookie: "sid=1", site })));
    const { accounts, problem } = identify(listAccounts(list).accounts, sites);
    expect(problem).toBeUndefined();
    const [one, two] = accounts.map((account) => [account.id, signInKey(account, sites)]);
    expect(one?.[0]).not.toBe(two?.[0]);
    expect(one?.[1]).not.toBe(two?.[1]);
    expect(signInKey({ cookie: "sid=1" }, sites)).toBe(one?.[1]);
  });

  test("have each its own longest prompt, also under an alias", () => {
    const longest = new Sites([first, { ...parrot, maxPromptCharacters: 10 }]);
    const config = loadConfig({ MODEL_ALIASES: "polly=parrot-1", API_MASTER_KEY: "a".repeat(32) });
    const { api } = optionsOf(config, { api: "a", admin: "b" }, { sites: longest, capacity: 1 });
    const fits = (model: string): boolean => {
      const messages = [{ role: "user", text: "More than ten characters." }] as const;
      return api.contextLimit.fit({ model: api.models.serving(model), messages, boundary: "123456789" }) !== undefined;
    };
    expect(["gptomni", "gpt-4o", "parrot-1", "polly"].map(fits)).toEqual([true, true, false, false]);
  });

  test("are told apart in errors: each names its own setting", () => {
    const url = "https://www.parrot.example.test/perch";
    expect(movedAway(url, parrot).message).toContain("set PARROT_ORIGIN=https://www.parrot.example.test.");
    const refused = new Error("net::ERR_CONNECTION_REFUSED at https://parrot.example.test/perch");
    expect(unreachable(refused, { site: parrot, limitMs: 1 }).message).toContain("check PARROT_ORIGIN and");
  });

  test("are asked each for its own model, in its own form", async () => {
    const sent: PageRequest[] = [];
    const fetch: Lease["fetch"] = async (request) => {
      sent.push(request);
      return { status: 200, headers: {}, body: textOf("Hello from the site.") };
    };
    const limits = { firstPartTimeoutMs: 60_000, gapTimeoutMs: 60_000 };
    const gateway = new Gateway(new LocalPlaces({ pool: lendingPool(fetch), sites, limits }), sites);
    for (const model of ["parrot-1", "gptomni"]) {
      const messages = [{ role: "user", text: "Hello" }] as const;
      const reply = gateway.reply(
        { model, messages, boundary: "123456789" },
        { keyId: "key", isBackground: false },
        neverAborts(),
      );
      expect(await textIn(reply)).toBe("Hello from the site.");
    }
    expect(sent.map(({ path, body }) => [path, body])).toEqual([
      ["/say", "Hello"],
      ["/api/chatWithText", '{"prompt":"Hello"}'],
    ]);
  });
});

test("each site has a setting of its origin", () => {
  const { names } = sitesAt(loadConfig({}).sites);
  expect(names.map((name) => originSettingOf({ name })).filter((name) => !(name in SETTINGS))).toEqual([]);
});

test("a name of no site is refused", () => {
  expect(() => sites.named("elsewhere")).toThrow("Invalid 'site': expected one of gptomni, parrot.");
});

async function* textOf(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}

async function textIn(parts: AsyncIterable<ReplyPart>): Promise<string> {
  let text = "";
  for await (const part of parts) if (part.type === "text-delta") text += part.text;
  return text;
}

function neverAborts(): AbortSignal {
  return new AbortController().signal;
}

/** A pool with one session that is always free. */
function lendingPool(fetch: Lease["fetch"]): LocalPlacesParts["pool"] {
  const lease = { accountId: "one", fetch, progressed: () => {}, blame: () => {}, [Symbol.dispose]: () => {} };
  return {
    lease: async () => lease as unknown as Lease,
    positionOf: () => undefined,
    waitMsOf: () => undefined,
    drain: async () => {},
  };
}
