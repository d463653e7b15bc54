import { createHash } from "node:crypto";
import type { JsonSchema } from "../ask.ts";
import type { Verdict } from "./compile.ts";
import { SchemaQueue, type CheckResult } from "./check-queue.ts";

/** More is compiled by nobody in a quarter of a second. */
const MAX_SCHEMA_CHARACTERS = 400_000;
/** Models end their answers long before; the memory of the check is bounded by it. */
const MAX_VALUE_CHARACTERS = 2_000_000;
const MAX_REMEMBERED = 1_000;
/** A schema that reached a limit may do better when it is asked again later. */
const FORGET_AFTER_MS = 10 * 60_000;

/** A schema as it is sent to the worker; without text when it has none that could be checked. */
type Known = { readonly text: string; readonly key: string } | { readonly reason: string };

interface Remembered {
  readonly unchecked: string | undefined;
  /** No check of it comes to an end. */
  readonly isHopeless: boolean;
  readonly untilMs: number;
}

const LIMITS: Readonly<Record<Exclude<CheckResult, object>, string>> = {
  time: "checking it took too long",
  memory: "checking it took too much memory",
  failure: "its check failed",
  busy: "other checks took too long",
};

const known = new WeakMap<JsonSchema, Known>();
/** By the digest of the schema's text. */
const remembered = new Map<string, Remembered>();
const queue = new SchemaQueue();

/**
 * Why this schema cannot be checked, or which parts of it cannot; undefined when all of it can. The schema may be of any
 * draft: 4, 6, 7, 2019-09, 2020-12 or OpenAPI's. It is compiled in a worker thread, within a limit of time and memory.
 * Never throws for a caller's schema.
 */
export async function uncheckedReason(schema: JsonSchema): Promise<string | undefined> {
  const subject = knownOf(schema);
  if ("reason" in subject) return subject.reason;
  const earlier = recall(subject.key);
  return earlier ? earlier.unchecked : (await ask(subject, undefined)).unchecked;
}

/**
 * What is wrong with the value, in words for the model; empty when it meets the schema, or when the schema cannot be
 * checked: whatever a limit of this checker leaves out is taken for right.
 */
export async function violationsOf(schema: JsonSchema, value: unknown): Promise<readonly string[]> {
  const subject = knownOf(schema);
  if ("reason" in subject || recall(subject.key)?.isHopeless) return [];
  const text = textOf(value);
  if (text === undefined) return ["the value is nested too deep"];
  return text.length > MAX_VALUE_CHARACTERS ? [] : (await ask(subject, text)).violations;
}

async function ask({ text, key }: Extract<Known, { text: string }>, value: string | undefined): Promise<Verdict> {
  const isProven = recall(key)?.isHopeless === false;
  const result = await queue.check({ schema: text, value }, { isProven });
  const verdict = typeof result === "object" ? result : { unchecked: LIMITS[result], violations: [] };
  if (result === "busy" || result === "failure") return verdict;
  remember(key, { unchecked: verdict.unchecked, isHopeless: typeof result !== "object" });
  return verdict;
}

function recall(key: string): Remembered | undefined {
  const found = remembered.get(key);
  return found && performance.now() < found.untilMs ? found : undefined;
}

/** The one remembered longest ago is forgotten first. */
function remember(key: string, found: Omit<Remembered, "untilMs">): void {
  remembered.delete(key);
  remembered.set(key, { ...found, untilMs: performance.now() + FORGET_AFTER_MS });
  const [oldest] = remembered.keys();
  if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

function knownOf(schema: JsonSchema): Known {
  const earlier = known.get(schema);
  if (earlier) return earlier;
  const text = textOf(schema);
  const subject =
    text === undefined
      ? { reason: "it is nested too deep" }
      : text.length > MAX_SCHEMA_CHARACTERS
        ? { reason: `it has more than ${MAX_SCHEMA_CHARACTERS} characters` }
        : { text, key: createHash("sha256").update(text).digest("base64") };
  known.set(schema, subject);
  return subject;
}

/** JSON text; undefined for a value that is nested too deep for it. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
