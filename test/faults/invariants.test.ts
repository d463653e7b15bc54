import { expect, test } from "vitest";
import type { Post } from "../../src/simulator/record.ts";
import type { Asked } from "./asked.ts";
import { brokenInvariants, type Evidence } from "./invariants.ts";

const PROMPT = "request 1";
const ASKED = {
  prompt: PROMPT,
  requestId: "req_1",
  status: 200,
  ending: "answered",
  got: "answer",
  raw: "Hello",
  text: "Hello",
  finishReason: "stop",
  terminators: 1,
} as Asked;
const POST = {
  account: "alice",
  port: 1,
  prompt: PROMPT,
  startedAt: 1,
  finishedAt: 1,
  sent: ["Hel", Buffer.from("lo")],
  bytesSent: 5,
} as unknown as Post;
const SIGNED_OUT = { ...POST, account: undefined, finishedAt: 2 };
const LINE = '{"requestId":"req_1","route":"/v1/chat/completions"}';
const CHROMIUM = { pid: 1, parentPid: 0, groupId: 1, state: "S", command: "chromium" };
const SOUND: Evidence = {
  asked: [ASKED],
  bystanderEnding: "under way",
  posts: [POST],
  askedElsewhere: [],
  logged: [LINE],
  secrets: ["the-token"],
  waiting: 0,
  browsers: 2,
  tempFolders: 2,
  processesLeft: [],
  zombies: [],
  tempFoldersLeft: 0,
  browsersLeft: 0,
  warnings: [],
  stored: [{ id: "alice", isNewest: true }],
};

function asked(flaw: Partial<Asked>): Partial<Evidence> {
  return { asked: [Object.assign(Object.create(ASKED), flaw) as Asked] };
}

test("nothing speaks against what is as it should be", () => {
  expect(brokenInvariants(SOUND)).toEqual([]);
  const elsewhere = { ...SIGNED_OUT, port: 2 };
  expect(brokenInvariants({ ...SOUND, posts: [SIGNED_OUT, elsewhere, POST] })).toEqual([]);
});

/** Each breaks one of them, by its first words. */
const FLAWS: readonly (readonly [string, Partial<Evidence>])[] = [
  ["every request has one line", { logged: [] }],
  ["every request has one line", { logged: [LINE, LINE] }],
  ["no server but the site", { askedElsewhere: ["POST /api/chatWithText"] }],
  ["every answer ends", asked({ terminators: 0 })],
  ["every answer ends", asked({ terminators: 2 })],
  ["every answer ends", asked({ finishReason: undefined })],
  ["every answer ends", asked({ code: "reply_cut", ending: "broken off" })],
  ["a client's text is the site's", asked({ text: "Hell", finishReason: "stop" })],
  ["a client's text is the site's", asked({ text: "Hellish", ending: "left" })],
  ["a client's text is the site's", { posts: [POST, { ...POST, sent: ["Other"] }] }],
  ["the site is asked once", { posts: [POST, POST, POST, POST] }],
  ["the site is asked once", asked({ ending: "refused", code: "queue_timeout", finishReason: undefined })],
  ["the site is asked once", asked({ ending: "refused", code: "invalid_json", finishReason: undefined })],
  ["the site is asked what clients ask", { posts: [POST, { ...POST, prompt: "a smuggled one" }] }],
  ["no account is asked twice", { posts: [POST, { ...POST, finishedAt: 2 }, POST] }],
  ["no account is asked twice", { posts: [SIGNED_OUT, SIGNED_OUT, POST] }],
  ["nobody is left waiting", { waiting: 1 }],
  ["nobody is left waiting", asked({ ending: "under way" })],
  ["the bystander", { bystanderEnding: "broken off" }],
  ["no process and no folder", { tempFolders: 3 }],
  ["no process and no folder", { tempFoldersLeft: 1 }],
  ["no process and no folder", { browsersLeft: 1 }],
  ["no process and no folder", { processesLeft: [CHROMIUM] }],
  ["no process and no folder", { zombies: [CHROMIUM] }],
  ["no secret is told", { logged: [LINE, "the-token"] }],
  ["no secret is told", asked({ raw: "the-token" })],
  ["nothing fails unseen", { warnings: ["MaxListenersExceededWarning"] }],
  ["nothing fails unseen", { logged: [LINE, "the pool failed"] }],
  ["the newest token is stored", { stored: [{ id: "alice", isNewest: false }] }],
];

test.each(FLAWS)("%s: is seen to be broken", (invariant, flaw) => {
  const broken = brokenInvariants({ ...SOUND, ...flaw });
  expect(broken).not.toEqual([]);
  expect(broken.filter((one) => !one.startsWith(invariant))).toEqual([]);
});
