import { createHash } from "node:crypto";
import type { JsonSchema } from "../ask.ts";
import type { CheckOutcome } from "./compile.ts";
import { SchemaQueue, type CheckResult } from "./check-queue.ts";

/** A longer schema cannot be compiled within the time limit. */
const MAX_SCHEMA_CHARACTERS = 400_000;
/** Bounds the memory of a check. Answers of models are much shorter. */
const MAX_VALUE_CHARACTERS = 2_000_000;
const MAX_REMEMBERED = 1_000;
/** A schema that reached a limit is tried again after this time. */
const FORGET_AFTER_MS = 10 * 60_000;

/** A schema as it is sent to the worker, or why it cannot be checked at all. */
type SchemaText = { readonly text: string; readonly key: string } | { readonly reason: string };

interface Remembered {
  readonly unchecked: string | undefined;
  /** Whether its check reached a limit, so that it is not tried again for a while. */
  readonly reachedLimit: boolean;
  readonly untilMs: number;
}

const LIMITS: Readonly<Record<Exclude<CheckResult, object>, string>> = {
  time: "checking it took too long",
  memory: "checking it took too much memory",
  failure: "its check failed",
  busy: "other checks took too long",
};

const known = new WeakMap<JsonSchema, SchemaText>();
/** By the digest of the schema's text. */
const remembered = new Map<string, Remembered>();
const queue = new SchemaQueue();

/**
 * Tells why this schema, or parts of it, cannot be checked; undefined if all of it can. The schema may be of draft 4, 6, 7, 2019-09,
 * 2020-12 or OpenAPI. It is compiled in a worker thread, with limits of time and memory. Never throws because of a schema.
 */
export async function uncheckedReason(schema: JsonSchema): Promise<string | undefined> {
  const subject = knownOf(schema);
  if ("reason" in subject) return subject.reason;
  const earlier = recall(subject.key);
  return earlier ? earlier.unchecked : (await checkInWorker(subject, undefined)).unchecked;
}

/**
 * What is wrong with the value, as texts for the model. Empty if it meets the schema, or if the schema cannot be checked: parts that
 * stay unchecked count as met.
 */
export async function violationsOf(schema: JsonSchema, value: unknown): Promise<readonly string[]> {
  const subject = knownOf(schema);
  if ("reason" in subject || recall(subject.key)?.reachedLimit) return [];
  const text = textOf(value);
  if (text === undefined) return ["the value is nested too deep"];
  return text.length > MAX_VALUE_CHARACTERS ? [] : (await checkInWorker(subject, text)).violations;
}

async function checkInWorker(
  { text, key }: Extract<SchemaText, { text: string }>,
  value: string | undefined,
): Promise<CheckOutcome> {
  const isProven = recall(key)?.reachedLimit === false;
  const result = await queue.check({ schema: text, value }, { isProven });
  const outcome = typeof result === "object" ? result : { unchecked: LIMITS[result], violations: [] };
  if (result === "busy" || result === "failure") return outcome;
  remember(key, { unchecked: outcome.unchecked, reachedLimit: typeof result !== "object" });
  return outcome;
}

function recall(key: string): Remembered | undefined {
  const found = remembered.get(key);
  return found && performance.now() < found.untilMs ? found : undefined;
}

/** The oldest entry goes first. */
function remember(key: string, found: Omit<Remembered, "untilMs">): void {
  remembered.delete(key);
  remembered.set(key, { ...found, untilMs: performance.now() + FORGET_AFTER_MS });
  const [oldest] = remembered.keys();
  if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

function knownOf(schema: JsonSchema): SchemaText {
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
