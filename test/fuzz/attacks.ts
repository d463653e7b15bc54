import { table } from "../bench/statistics.ts";
import { answeredChat, checkedChat } from "./hostile.ts";
import { HOSTILE_ANSWERS } from "./hostile-answers.ts";
import { ENDLESS } from "./hostile-schemas.ts";
import { FuzzProcess } from "./fuzz-process.ts";

const LIMIT_MS = 20_000;
const CHAT = "/v1/chat/completions";
const MODEL = { model: "gptomni", max_tokens: 50 };
const HELLO = [{ role: "user", content: "Hello" }];

interface Attack {
  readonly name: string;
  readonly path?: string;
  readonly body: unknown;
  /** So many at once. */
  readonly times?: number;
}

const ZEROS = "0,".repeat(2_000_000).slice(0, -1);
const LONG_RUN = `${"a".repeat(40)}b`;

function endless(name: string): { readonly schema: unknown; readonly value: unknown } {
  const found = ENDLESS.find((one) => one.name === name);
  if (!found) throw new Error(`There is no schema called "${name}".`);
  return found;
}

function checkedBy(name: string): unknown {
  const { schema, value } = endless(name);
  return checkedChat(schema, value);
}

function writes(name: string, characters: number): unknown {
  return answeredChat(
    HOSTILE_ANSWERS.findIndex((one) => one.name === name),
    characters,
  );
}

function tools(schema: unknown): readonly object[] {
  return Array.from({ length: 10_000 }, (_, index) => ({
    type: "function",
    function: { name: `t${index}`, parameters: schema },
  }));
}

const ATTACKS: readonly Attack[] = [
  { name: "2 million zeros as messages", body: `{"model":"gptomni","messages":[${ZEROS}]}` },
  { name: "2 million zeros as an input", path: "/v1/responses", body: `{"model":"gptomni","input":[${ZEROS}]}` },
  {
    name: "2 million zeros as tools, four times at once",
    path: "/v1/messages",
    body: `{"model":"gptomni","max_tokens":5,"messages":[{"role":"user","content":"Hi"}],"tools":[${ZEROS}]}`,
    times: 4,
  },
  { name: "a schema of `anyOf` that fans out over 40 levels", body: checkedBy("anyOf that fans out over 40 levels") },
  { name: "a schema of `allOf` that fans out over 40 levels", body: checkedBy("allOf that fans out over 40 levels") },
  {
    name: "the first of them in a tool, to count its tokens",
    path: "/v1/messages/count_tokens",
    body: {
      ...MODEL,
      messages: HELLO,
      tools: [{ name: "t", input_schema: endless("anyOf that fans out over 40 levels").schema }],
    },
  },
  {
    name: "10,000 tools",
    body: { ...MODEL, messages: HELLO, tools: tools({ type: "object", properties: { a: { type: "string" } } }) },
  },
  { name: "pattern `^((a+)c?)+$`", body: checkedBy("a slow pattern") },
  { name: "the same in `patternProperties`", body: checkedBy("a slow pattern for the names of properties") },
  { name: "600 patterns, each a little slow", body: checkedBy("many patterns, each a little slow") },
  {
    name: "40,000 short texts against a pattern",
    body: checkedChat(
      { items: { pattern: "^(a+)+$" } },
      Array.from({ length: 40_000 }, () => "aaab"),
    ),
  },
  {
    name: "300 KB of escaped quotes in a string without end",
    body: writes("a string of escaped quotes that never ends", 300_000),
  },
  { name: "720 KB of calls that never end", body: writes("calls that never end", 720_000) },
  { name: "30,000 whole calls", body: writes("whole calls", 30_000 * 60) },
  {
    name: "a stop sequence of 200 KB against 400 KB",
    path: "/v1/messages",
    body: {
      ...MODEL,
      max_tokens: 500_000,
      stop_sequences: [`${"a".repeat(200_000)}b`],
      messages: [{ role: "user", content: `@@say ${"a".repeat(400_000)}` }],
    },
  },
  {
    name: "150 stop sequences of 20 KB",
    path: "/v1/messages",
    body: {
      ...MODEL,
      max_tokens: 500_000,
      stop_sequences: Array.from({ length: 150 }, (_, index) => `${"a".repeat(20_000)}${index}`),
      messages: [{ role: "user", content: `@@say ${"a".repeat(400_000)}` }],
    },
  },
  {
    name: "a list of 40 slow texts against a slow pattern",
    body: checkedChat(
      { items: { pattern: "^(a+)+$" } },
      Array.from({ length: 40 }, () => LONG_RUN),
    ),
  },
];

/** A table of what each attack does: the answer, the longest stall of the event loop, and the memory it takes;
 * of those only whose name holds the part. */
export async function attack(part = ""): Promise<string> {
  using idle = await FuzzProcess.start();
  const rows: string[][] = [];
  for (const one of ATTACKS.filter(({ name }) => name.includes(part))) rows.push(await attackOnce(one));
  const stall = (await idle.health(LIMIT_MS))?.stallMs ?? 0;
  return `${table(["attack", "answer", "longest stall, ms", "memory, MiB"], rows)}\n\nLongest stall of an idle event loop in the same run: ${stall.toFixed(0)} ms.`;
}

async function attackOnce({ name, path = CHAT, body, times = 1 }: Attack): Promise<string[]> {
  using gateway = await FuzzProcess.start();
  await gateway.ask(CHAT, checkedChat({ type: "string" }, "a"), LIMIT_MS);
  await gateway.health(LIMIT_MS);
  await gateway.peakMib();
  const before = await gateway.peakMib();
  const text = JSON.stringify(body);
  const given = typeof body === "string" ? body : text;
  const outcomes = await Promise.all(Array.from({ length: times }, () => gateway.ask(path, given, LIMIT_MS)));
  const health = await gateway.health(LIMIT_MS);
  const peak = await gateway.peakMib();
  const answer = gateway.isAlive
    ? [...new Set(outcomes.map(({ status }) => status || "none"))].join(", ")
    : "the process died";
  return [
    name,
    answer,
    health ? health.stallMs.toFixed(0) : `over ${2 * LIMIT_MS}`,
    `+${Math.max(0, peak - before).toFixed(0)}`,
  ];
}
