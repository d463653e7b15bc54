import { expect, test } from "vitest";
import type { Post } from "../../src/simulator/record.ts";
import { brokenInvariants, type Evidence } from "./invariants.ts";
import type { Told } from "./told.ts";

const WINDOW_MS = 10_000;
const PROMPT = "request 1\n@sim {}";
const POST = post({ account: "alice", startedAt: 1, token: 7 });
const TOLD: Told = {
  prompt: PROMPT,
  client: "fetch, whole",
  startedMs: 0,
  endedMs: 1,
  ending: "answered",
  code: undefined,
  message: "",
  text: "Hello",
  door: "127.0.0.1:1",
  replica: "one",
};
const SOUND: Evidence = {
  posts: [POST, post({ account: "alice", startedAt: 1 + WINDOW_MS, token: 8, prompt: "request 2" })],
  told: [TOLD, { ...TOLD, prompt: "request 2" }],
  pace: { count: 1, windowMs: WINDOW_MS },
  isCutOff: () => false,
  logged: ["listening"],
  secrets: ["the-token"],
};

interface Sent extends Partial<Omit<Post, "headers">> {
  readonly token?: number;
}

function post({ token = 7, startedAt = 1, ...sent }: Sent): Post {
  const headers = { cookie: `__Secure-next-auth.session-token=random.${token}.alice` };
  const usual = { id: 1, port: 1, prompt: PROMPT, httpVersion: "2.0", status: 200, aborted: false };
  return {
    account: "alice",
    startedAt,
    finishedAt: startedAt,
    sent: ["Hello"],
    bytesSent: 5,
    headers,
    ...usual,
    ...sent,
  };
}

test("nothing speaks against replicas that do as they should", () => {
  expect(brokenInvariants(SOUND)).toEqual([]);
  const cutOff: Told = { ...TOLD, ending: "connection lost", text: "Hel" };
  expect(brokenInvariants({ ...SOUND, told: [cutOff, ...SOUND.told.slice(1)], isCutOff: () => true })).toEqual([]);
});

/** In place of the second one. */
function second(sent: Sent): Pick<Evidence, "posts"> {
  return { posts: [POST, post({ startedAt: 1 + WINDOW_MS, token: 8, prompt: "request 2", ...sent })] };
}

/** Besides both. */
function third(sent: Sent): Pick<Evidence, "posts"> {
  return { posts: [...SOUND.posts, post({ startedAt: 1 + 2 * WINDOW_MS, token: 9, ...sent })] };
}

function told(flaw: Partial<Told>): Pick<Evidence, "told"> {
  return { told: [{ ...TOLD, ...flaw }, ...SOUND.told.slice(1)] };
}

const FLAWS: readonly (readonly [string, Partial<Evidence>])[] = [
  [
    "no account is asked twice at a time",
    { posts: [{ ...POST, finishedAt: 2 * WINDOW_MS }, ...second({}).posts.slice(1)] },
  ],
  ["no account is asked faster", second({ startedAt: WINDOW_MS / 2 })],
  ["no account goes back", second({ token: 6 })],
  ["no account is used that is signed out", second({ account: undefined })],
  ["the site is asked what clients ask", third({ prompt: "a smuggled one" })],
  ["a prompt that the site began", third({})],
  ["an answer is the site's", told({ text: "Hell" })],
  ["an answer is the site's", told({ ending: "failed", code: "reply_cut", text: "Hall" })],
  ["a client gets an answer", told({ ending: "connection lost" })],
  ["a client gets an answer", told({ ending: "failed", code: "invalid_json" })],
  ["a client gets an answer", told({ ending: "failed", code: "never_heard_of" })],
  ["no secret is told", { logged: ["the-token"] }],
  ["nothing fails unseen", { logged: ["unhandled rejection"] }],
];

test.each(FLAWS)("%s: is seen to be broken", (invariant, flaw) => {
  const broken = brokenInvariants({ ...SOUND, ...flaw });
  expect(broken).not.toEqual([]);
  expect(broken.filter((one) => !one.startsWith(invariant))).toEqual([]);
});
