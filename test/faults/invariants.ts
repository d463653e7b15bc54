import { ERRORS } from "../../src/errors.ts";
import type { Post } from "../../src/simulator/record.ts";
import type { Asked, Ending } from "./asked.ts";
import type { ProcessEntry } from "./processes.ts";

/** What a gateway had when all was over, and what is left of it after its end. */
export interface Leftovers {
  readonly browsers: number;
  readonly tempFolders: number;
  /** Browsers that it neither closed nor killed, where they outlast it. */
  readonly browsersLeft: number;
  readonly processesLeft: readonly ProcessEntry[];
  readonly zombies: readonly ProcessEntry[];
  readonly tempFoldersLeft: number;
}

/** What was seen of one fault: by the clients, by the site, in the log, and on the machine afterwards. */
export interface Evidence extends Leftovers {
  readonly asked: readonly Asked[];
  /** As it stood when it was dismissed, long after the fault; undefined where there was no bystander. */
  readonly bystanderEnding: Ending | undefined;
  readonly posts: readonly Post[];
  /** What another server was asked that the page was led to. */
  readonly askedElsewhere: readonly string[];
  readonly logged: readonly string[];
  readonly secrets: readonly string[];
  /** How many still waited when all was over. */
  readonly waiting: number;
  readonly warnings: readonly string[];
  readonly stored: readonly { readonly id: string; readonly isNewest: boolean }[];
}

/** As `gateway.ts` has it. */
const MAX_ATTEMPTS = 3;
/** What is refused before the site is asked, beside all that is the caller's own fault. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  ...Object.entries(ERRORS).flatMap(([code, { type }]) => (type === "invalid_request_error" ? [code] : [])),
  "overloaded",
  "queue_timeout",
  "rate_limit_exceeded",
  "server_shutting_down",
]);
/** What clients ask for; the scenes themselves look at others. */
const ASKED_ROUTES = ["/v1/chat/completions", "/metrics", "/admin/api/accounts", "unknown"];
/** What the log says of a mistake of ours. */
export const BUGS = ["internal_error", "the pool failed", "unhandled rejection", "uncaught exception"];

type Check = (evidence: Evidence) => string[];

/** What holds whatever happens; each gives what speaks against it. */
const INVARIANTS: Readonly<Record<string, Check>> = {
  "every request has one line in the log": ({ asked, logged }) => {
    const lines = requestLines(logged);
    const ids = new Set(lines.map(({ requestId }) => requestId));
    const unlogged = asked.filter(({ requestId }) => requestId !== undefined && !ids.has(requestId));
    const reached = asked.filter(({ requestId, ending }) => requestId !== undefined || ending === "left").length;
    return [
      ...unlogged.map(({ got }) => `no line for one that got: ${got}`),
      ...(lines.length === ids.size ? [] : [`${lines.length} lines for ${ids.size} requests`]),
      ...(ids.size <= asked.length && ids.size >= reached ? [] : [`${ids.size} logged, ${asked.length} asked`]),
    ];
  },
  "every answer ends in exactly one way": ({ asked }) => asked.flatMap(endingFlaws),
  "a client's text is the site's": ({ asked, posts }) => asked.flatMap((one) => textFlaws(one, postsOf(one, posts))),
  "the site is asked once, and again only where nothing was handed on": ({ asked, posts }) =>
    // One that is sent again has the same prompt.
    [...Map.groupBy(asked, ({ prompt }) => prompt).values()].flatMap((alike) => postFlaws(alike, posts)),
  "the site is asked what clients ask": ({ asked, posts }) => {
    const prompts = new Set(asked.map(({ prompt }) => prompt));
    return posts
      .filter(({ prompt }) => !prompts.has(prompt))
      .map(({ prompt }) => `nobody asked: ${prompt.slice(0, 80)}`);
  },
  "no server but the site is asked": ({ askedElsewhere }) => askedElsewhere.map((one) => `asked elsewhere: ${one}`),
  "no account is asked twice at a time": ({ posts }) =>
    // Contexts that a fault signed out are several, and nobody all the same.
    [...Map.groupBy(posts, ({ account, port }) => account ?? port).values()].flatMap(overlaps),
  "nobody is left waiting": ({ waiting, asked }) => [
    ...(waiting === 0 ? [] : [`${waiting} wait`]),
    ...asked.filter(({ ending }) => ending === "under way").map(({ prompt }) => `still under way: ${prompt}`),
  ],
  "the bystander notices nothing": ({ bystanderEnding }) =>
    bystanderEnding === undefined || bystanderEnding === "under way" ? [] : [`the bystander ${bystanderEnding}`],
  "no process and no folder is left": ({
    browsers,
    browsersLeft,
    tempFolders,
    processesLeft,
    zombies,
    tempFoldersLeft,
  }) => [
    ...(browsersLeft === 0 ? [] : [`${browsersLeft} browsers left`]),
    ...(tempFolders === browsers ? [] : [`${tempFolders} temporary folders for ${browsers} browsers`]),
    ...processesLeft.map(({ pid, command }) => `still runs: ${pid} ${command.slice(0, 80)}`),
    ...zombies.map(({ pid }) => `a zombie: ${pid}`),
    ...(tempFoldersLeft === 0 ? [] : [`${tempFoldersLeft} temporary folders left`]),
  ],
  "no secret is told": ({ secrets, logged, asked }) => {
    const told = [...logged, ...asked.map(({ raw }) => raw)].join("\n");
    return secrets.filter((secret) => told.includes(secret)).map((secret) => `told: ${secret.slice(0, 8)}…`);
  },
  "nothing fails unseen": ({ warnings, logged }) => [
    ...warnings,
    ...logged.filter((line) => BUGS.some((words) => line.includes(words))),
  ],
  "the newest token is stored": ({ stored }) =>
    stored.filter(({ isNewest }) => !isNewest).map(({ id }) => `an old token of ${id}`),
};

export function brokenInvariants(evidence: Evidence): string[] {
  return Object.entries(INVARIANTS).flatMap(([name, check]) => check(evidence).map((flaw) => `${name}: ${flaw}`));
}

function requestLines(logged: readonly string[]): { readonly requestId: string }[] {
  const lines = logged.filter((line) => ASKED_ROUTES.some((route) => line.includes(`"route":"${route}"`)));
  return lines.map((line) => JSON.parse(line) as { requestId: string });
}

function postsOf(asked: Asked, posts: readonly Post[]): Post[] {
  return posts.filter(({ prompt }) => prompt === asked.prompt);
}

function endingFlaws({ ending, terminators, finishReason, code, got }: Asked): string[] {
  if (ending === "left" || ending === "connection lost") return [];
  return [
    ...(terminators === 1 ? [] : [`${terminators} ends: ${got}`]),
    ...(ending === "answered" && finishReason === undefined ? ["an answer without a finish reason"] : []),
    ...(code !== undefined && finishReason !== undefined ? [`finished and failed: ${got}`] : []),
  ];
}

function textFlaws({ text, ending, got }: Asked, posts: readonly Post[]): string[] {
  if (text === "") return [];
  // After the first of an answer was handed on, nobody else may be asked.
  const post = posts.at(-1);
  const sent = Buffer.concat((post?.sent ?? []).map((chunk) => Buffer.from(chunk as string))).toString();
  // Of what is very long the site keeps the beginning only.
  const isWhole = !post || post.bytesSent <= Buffer.byteLength(sent);
  const comparable = isWhole ? text : text.slice(0, sent.length);
  if (ending === "answered" && isWhole) return sent === text ? [] : [`not what the site said: ${text.slice(0, 80)}`];
  return sent.startsWith(comparable) ? [] : [`no beginning of what the site said, and ${got}`];
}

function postFlaws(alike: readonly Asked[], posts: readonly Post[]): string[] {
  const count = posts.filter(({ prompt }) => prompt === alike[0]?.prompt).length;
  const limit = MAX_ATTEMPTS * alike.filter(maybeSent).length;
  return count <= limit ? [] : [`asked ${count} times: ${alike.map(({ got }) => got).join(", ")}`];
}

/** Posts of one account in the order in which they came. */
export function overlaps(posts: readonly Post[]): string[] {
  return posts.slice(1).flatMap(({ account, prompt, startedAt }, index) => {
    const before = posts.slice(0, index + 1).find(({ finishedAt = Infinity }) => finishedAt > startedAt);
    return before ? [`${account} had not ended ${before.prompt.slice(0, 40)} before ${prompt.slice(0, 40)}`] : [];
  });
}

function maybeSent({ ending, code = "" }: Asked): boolean {
  return ending !== "refused" || !NEVER_SENT.has(code);
}
