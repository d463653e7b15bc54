import { afterAll, beforeAll, expect, test } from "vitest";
import { FORGERIES, type Forgery } from "../fuzz/forgeries.ts";
import { HOSTILE_PAGES, type HostilePage } from "../fuzz/hostile-pages.ts";
import { PageFuzz, SLOW } from "../fuzz/page-fuzz.ts";

/** Beside other work, a browser that is kept busy takes its time. */
const LIMIT_MS = 300_000;
const PATIENT = { requestSeconds: 90, partSeconds: 60 };

let fuzz: PageFuzz;
beforeAll(async () => {
  fuzz = await PageFuzz.start(PATIENT);
});
afterAll(() => fuzz[Symbol.asyncDispose]());

function pagesCalled(...names: readonly string[]): HostilePage[] {
  return names.map((name) => {
    const found = HOSTILE_PAGES.find((one) => one.name === name);
    if (!found) throw new Error(`no hostile page is called "${name}"`);
    return found;
  });
}

function forgeryCalled(name: string): Forgery {
  const found = FORGERIES.find((one) => one.name === name);
  if (!found) throw new Error(`no forgery is called "${name}"`);
  return found;
}

const SERVED: Readonly<Record<string, readonly HostilePage[]>> = {
  "replaces the built-ins and calls what may be the gateway's": pagesCalled(
    "built-ins that are replaced",
    "calls of whatever may be the gateway's",
  ),
  "floods dialogs, popups and downloads": pagesCalled("dialogs", "popups", "downloads"),
  "writes a line of 60 MB to the console of a worker": pagesCalled("a worker's line of 60 MB"),
  "has a base and a service worker that lead to another server": pagesCalled(
    "a base at another server",
    "a service worker that answers prompts",
  ),
  "fills memory and storage": pagesCalled("memory, without end", "storage, without end"),
};

test.each(Object.entries(SERVED))(
  "requests are answered while a page %s",
  { timeout: LIMIT_MS },
  async (_name, hostile) => {
    const { got, broken } = await fuzz.try({ hostile, fault: SLOW, forgery: undefined });
    expect({ got, broken }).toEqual({ got: ["200", "200", "200"], broken: [] });
  },
);

test("a page that goes to another server in mid-answer is asked nothing there", { timeout: LIMIT_MS }, async () => {
  const hostile = pagesCalled("another server in mid-answer", "beforeunload that stays");
  const { got, broken } = await fuzz.try({ hostile, fault: SLOW, forgery: undefined });
  expect(broken).toEqual([]);
  expect(got).toContain("session_lost");
});

const EMPTY_OR_ANSWERED: unknown = expect.stringMatching(/^(?:200|reply_empty)$/);

/** What the gateway's log says of a forgery; it asks again on a new page where nothing was handed on. */
const FORGED: Readonly<Record<string, { readonly got: readonly unknown[]; readonly says: RegExp }>> = {
  "an answer without end that heeds no credit": {
    got: ["200", "session_lost", "200"],
    says: /The page sent more of an answer than it was let/,
  },
  // Chromium drops the message; whether the end that follows it still arrives is a race between them.
  "one message of 60 MB": {
    got: ["200", EMPTY_OR_ANSWERED, EMPTY_OR_ANSWERED],
    says: /The site's answer was empty|did not finish in time/,
  },
  "a head that is no JSON": { got: ["200", "200", "200"], says: /The page told a head that is none/ },
  "messages of no known kind": { got: ["200", "200", "200"], says: /The page ended the request without an answer/ },
};

test.each(Object.entries(FORGED))(
  "a page that forges %s is changed for a new one",
  { timeout: LIMIT_MS },
  async (name, { got, says }) => {
    const outcome = await fuzz.try({ hostile: [], fault: undefined, forgery: forgeryCalled(name) });
    expect({ got: outcome.got, broken: outcome.broken }).toEqual({ got, broken: [] });
    expect(fuzz.logged).toMatch(says);
  },
);

test(
  "none of the gateway's secrets is in a process of a browser that was attacked",
  { timeout: LIMIT_MS },
  async () => {
    expect(await fuzz.secretsFound()).toEqual([]);
  },
);
