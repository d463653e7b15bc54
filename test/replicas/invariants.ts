import { ERRORS } from "../../src/errors.ts";
import { numberOfToken } from "../../src/simulator/accounts.ts";
import type { Post } from "../../src/simulator/record.ts";
import { GPTOMNI_FORMAT } from "../../src/simulator/site-format.ts";
import { BUGS, overlaps } from "../faults/invariants.ts";
import type { Told } from "./told.ts";

/** What the site and the clients saw of the replicas. */
export interface Evidence {
  readonly posts: readonly Post[];
  readonly told: readonly Told[];
  readonly pace: Pace;
  /** Whether a fault took the connection away that this request came over, so that nobody could tell its client anything. */
  readonly isCutOff: (told: Told) => boolean;
  /** Lines of all replicas. */
  readonly logged: readonly string[];
  readonly secrets: readonly string[];
}

/** An account may be asked so often in any window. */
export interface Pace {
  readonly count: number;
  readonly windowMs: number;
}

/**
 * The gateway counts a prompt from its arrival, or from a second after it was sent. On a machine without a free processor it
 * arrives later than that, and the next one may come so much sooner. A send that was forgotten is seen all the same.
 */
const LATE_ARRIVAL_MS = 5_000;
/** What nginx itself says when it reaches no replica: docker/nginx.conf. */
const NGINX_CODE = "server_unavailable";
const CALLERS_FAULT: ReadonlySet<string> = new Set(
  Object.entries(ERRORS).flatMap(([code, { type }]) => (type === "invalid_request_error" ? [code] : [])),
);

type Check = (evidence: Evidence) => string[];

/** What holds whatever happens to a replica; each gives what speaks against it. */
const INVARIANTS: Readonly<Record<string, Check>> = {
  "no account is asked twice at a time": ({ posts }) => ofAccounts(posts).flatMap(overlaps),
  "no account is asked faster than its pace": ({ posts, pace }) =>
    ofAccounts(posts).flatMap((one) => tooFast(one, pace)),
  "no account goes back to an older cookie": ({ posts }) => ofAccounts(posts).flatMap(stepsBack),
  "no account is used that is signed out": ({ posts }) =>
    posts.filter(({ account }) => account === undefined).map(({ prompt }) => `without an account: ${nameOf(prompt)}`),
  "the site is asked what clients ask": ({ posts, told }) => {
    const prompts = new Set(told.map(({ prompt }) => prompt));
    return posts.filter(({ prompt }) => !prompts.has(prompt)).map(({ prompt }) => `nobody asked: ${nameOf(prompt)}`);
  },
  "a prompt that the site began to answer is not sent again": ({ posts }) =>
    [...Map.groupBy(posts, ({ prompt }) => prompt).values()].flatMap((alike) => {
      const early = alike.slice(0, -1).filter(({ status, bytesSent }) => status === 200 && bytesSent > 0);
      return early.map(
        ({ account, prompt }) => `${account} had begun with ${nameOf(prompt)}, sent ${alike.length} times`,
      );
    }),
  "an answer is the site's, whole and unchanged": ({ posts, told }) => {
    const lastPosts = new Map(posts.map((post) => [post.prompt, post]));
    return told.flatMap((one) => textFlaws(one, lastPosts.get(one.prompt)));
  },
  "a client gets an answer or an error with a code": ({ told, isCutOff }) =>
    told.flatMap((one) => {
      if (one.ending === "connection lost")
        return isCutOff(one) ? [] : [`${one.client}: ${nameOf(one.prompt)} was cut off`];
      return one.code === undefined || isKnown(one.code)
        ? []
        : [`${one.client}: ${nameOf(one.prompt)} got ${one.code}`];
    }),
  "no secret is told": ({ secrets, logged }) => {
    const told = logged.join("\n");
    return secrets.filter((secret) => told.includes(secret)).map((secret) => `told: ${secret.slice(0, 8)}…`);
  },
  "nothing fails unseen": ({ logged }) => logged.filter((line) => BUGS.some((words) => line.includes(words))),
};

export function brokenInvariants(evidence: Evidence): string[] {
  return Object.entries(INVARIANTS).flatMap(([name, check]) => check(evidence).map((flaw) => `${name}: ${flaw}`));
}

function ofAccounts(posts: readonly Post[]): Post[][] {
  return [
    ...Map.groupBy(
      posts.filter(({ account }) => account !== undefined),
      ({ account }) => account,
    ).values(),
  ];
}

function tooFast(posts: readonly Post[], { count, windowMs }: Pace): string[] {
  // What the machine broke off before the site said a word is repeated, and is the same send.
  const sends = posts.filter(({ prompt, bytesSent }, index) => bytesSent > 0 || posts[index + 1]?.prompt !== prompt);
  return sends.slice(count).flatMap((post, index) => {
    const gapMs = post.startedAt - (sends[index]?.startedAt ?? 0);
    if (gapMs >= windowMs - LATE_ARRIVAL_MS) return [];
    return [`${post.account}: ${nameOf(post.prompt)} came ${gapMs} ms after the ${count}. before it`];
  });
}

function stepsBack(posts: readonly Post[]): string[] {
  let newest = 0;
  return posts.flatMap(({ account, prompt, headers }) => {
    const number = numberOfToken(headers.cookie, GPTOMNI_FORMAT.sessionCookie) ?? 0;
    const isOlder = number < newest;
    newest = Math.max(newest, number);
    return isOlder ? [`${account}: ${nameOf(prompt)} came with cookie ${number} after ${newest}`] : [];
  });
}

function textFlaws({ prompt, text, ending }: Told, post: Post | undefined): string[] {
  if (text === "" && ending !== "answered") return [];
  const sent = Buffer.concat((post?.sent ?? []).map((chunk) => Buffer.from(chunk as string))).toString();
  const isRight = ending === "answered" ? sent === text : sent.startsWith(text);
  return isRight
    ? []
    : [`${nameOf(prompt)} got ${JSON.stringify(text.slice(-40))} of ${JSON.stringify(sent.slice(-40))}`];
}

function isKnown(code: string): boolean {
  return code === NGINX_CODE || (code in ERRORS && !CALLERS_FAULT.has(code));
}

/** Its first line. */
function nameOf(prompt: string): string {
  return prompt.split("\n", 1)[0] ?? "";
}
